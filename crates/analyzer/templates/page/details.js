// What stands behind one rule, made when its row is opened.
const details = (() => {
  const { html, foreign, count } = elements;

  // Short, and in full where that says more.
  function exposure(rule) {
    const full = rule.exposure_digits.replace(/\B(?=(\d{3})+$)/g, ',');
    return full === '' || full === rule.exposure ? rule.exposure : rule.exposure + ' (' + full + ')';
  }

  function facts(pairs) {
    return html('dl', { class: 'facts' }, ...pairs.flatMap(([label, value]) => [html('dt', {}, label), html('dd', {}, value)]));
  }

  function tags(pairs) {
    return html('ul', { class: 'tags' }, ...pairs.map(([key, value]) => html('li', {}, foreign(key + (value === '' ? '' : '=' + value)))));
  }

  function advice(rule) {
    const { opens, peers, before, after, text } = rule.advice;
    const line = (ports, peer) => html('span', { class: 'rule-line' }, html('span', { class: 'opens' }, rule.direction + ' ' + ports), ' ',
      html('code', {}, foreign(peer)));
    return html('div', { class: 'advice' },
      html('h4', {}, 'Less would do'),
      html('p', { class: 'unseen' }, text),
      html('div', { class: 'before-after', 'aria-hidden': 'true' },
        html('div', {}, html('p', { class: 'note' }, 'now, exposure ' + before), html('del', {}, line(rule.ports, rule.peer))),
        html('div', {}, html('p', { class: 'note' }, 'enough, exposure ' + after),
          html('ul', { class: 'plain' }, ...peers.map((peer) => html('li', {}, html('ins', {}, line(opens, peer))))))));
  }

  function groupFacts(group) {
    const pairs = [['Group', html('span', {}, foreign(group.name || group.id, 'group-name'), ' ', html('code', {}, group.id))]];
    const add = (label, value) => value && pairs.push([label, foreign(value)]);
    add('Written about it', group.description);
    add('VPC', group.vpc);
    add('Account', group.owner);
    const more = group.interfaces.length > 0 ? ': ' + group.interfaces.slice(0, 6).join(', ') + (group.interfaces.length > 6 ? ', …' : '') : '';
    pairs.push(['Carried by', group.interface_count + more]);
    if (group.same_rules_as.length > 0) {
      pairs.push(['Equal rules', group.same_rules_as.join(', ')]);
    }
    if (group.tags.length > 0) {
      pairs.push(['Tags', tags(group.tags)]);
    }
    return facts(pairs);
  }

  function content(rule, group, axis) {
    const grounds = rule.grounds.map(([ground, records]) => [ground, count(records)]);
    const drawn = [charts.timeline(rule, axis), charts.ports(rule), charts.peers(rule)].filter((chart) => chart);
    return html('div', { class: 'behind' },
      html('div', { class: 'said' },
        html('p', { class: 'reason' }, foreign(rule.reason)),
        rule.description && html('p', { class: 'description' }, foreign(rule.description)),
        rule.advice && advice(rule),
        html('h4', {}, 'Evidence'),
        facts(rule.facts),
        grounds.length > 0 && html('h4', {}, 'What told that it was a request'),
        grounds.length > 0 && facts(grounds),
        html('h4', {}, 'Rule and group'),
        facts([['Rule', html('code', {}, rule.id)], ['Exposure', exposure(rule)]]),
        rule.tags.length > 0 && tags(rule.tags),
        groupFacts(group)),
      html('div', { class: 'drawn' }, ...(drawn.length > 0 ? drawn : [html('p', { class: 'note' }, 'No use was seen, so there is nothing to draw.')])));
  }

  return { content };
})();
