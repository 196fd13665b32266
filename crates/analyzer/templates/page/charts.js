// Charts of one rule, drawn when its row is opened.
const charts = (() => {
  const { html, svg, foreign, count, counted } = elements;
  const WIDTH = 560;
  const HEIGHT = 96;
  const FLOOR = 78;
  const CEILING = 12;

  function time(seconds) {
    return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
  }

  function span(seconds) {
    return seconds % 86400 === 0 ? (seconds === 86400 ? 'day' : seconds / 86400 + ' days') : 'hour';
  }

  function figure(title, note, content) {
    return html('figure', { class: 'chart' }, html('figcaption', {}, html('b', {}, title), note && ' ' + note), content);
  }

  // Requests over the window, a bar for each part of it that had any.
  function timeline(rule, axis) {
    if (rule.line.length === 0) {
      return null;
    }
    const most = Math.max(...rule.line.map(([, records]) => records));
    const [peak] = rule.line.find(([, records]) => records === most);
    const at = (part) => axis.start + part * axis.seconds;
    const step = WIDTH / axis.parts;
    const label = 'Requests per ' + span(axis.seconds) + ' from ' + time(at(0)) + ' to ' + time(at(axis.parts)) + ' UTC: seen in ' +
      rule.line.length + ' of ' + axis.parts + ', most ' + count(most) + ' from ' + time(at(peak));
    const drawing = svg('svg', { class: 'timeline', viewBox: '0 0 ' + WIDTH + ' ' + HEIGHT, role: 'img', 'aria-label': label });
    for (const share of [0.5, 1]) {
      const y = FLOOR - share * (FLOOR - CEILING);
      drawing.append(svg('path', { class: 'grid', d: 'M0 ' + y + 'H' + WIDTH }));
    }
    for (const [part, records] of rule.line) {
      const height = Math.max(2, (records / most) * (FLOOR - CEILING));
      const width = Math.max(1, step - (step > 4 ? 1.5 : 0));
      const bar = svg('rect', {
        class: 'column', x: (part * step).toFixed(2), y: (FLOOR - height).toFixed(2),
        width: width.toFixed(2), height: height.toFixed(2), rx: step > 6 ? 1.5 : 0,
      });
      bar.append(svg('title', {}, time(at(part)) + ' UTC: ' + counted(records, 'request')));
      drawing.append(bar);
    }
    drawing.append(svg('path', { class: 'axis', d: 'M0 ' + FLOOR + 'H' + WIDTH }));
    drawing.append(svg('text', { class: 'tick', x: WIDTH, y: CEILING - 3, 'text-anchor': 'end' }, count(most)));
    drawing.append(svg('text', { class: 'tick', x: 0, y: HEIGHT - 4 }, time(at(0))));
    drawing.append(svg('text', { class: 'tick', x: WIDTH, y: HEIGHT - 4, 'text-anchor': 'end' }, time(at(axis.parts))));
    return figure('When', 'requests per ' + span(axis.seconds) + ', UTC', drawing);
  }

  function bar(records, most) {
    const width = most > 0 ? Math.max(1, Math.round((records / most) * 100)) : 0;
    return svg('svg', { class: 'share', viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      svg('rect', { class: 'track', width: 100, height: 10 }),
      svg('rect', { class: 'column', width, height: 10 }));
  }

  function table(label, heads, rows) {
    return html('table', { class: 'bars' },
      html('caption', { class: 'unseen' }, label),
      html('thead', {}, html('tr', {}, ...heads.map(([head, className]) => html('th', { scope: 'col', class: className }, head)))),
      html('tbody', {}, ...rows));
  }

  function ports(rule) {
    if (rule.uses.length === 0) {
      return null;
    }
    const most = rule.uses[0][2];
    const rows = rule.uses.map(([from, to, records]) => html('tr', {},
      html('th', { scope: 'row' }, from === to ? String(from) : from + '–' + to),
      html('td', { class: 'c-bar' }, bar(records, most)),
      html('td', { class: 'n' }, count(records))));
    const heads = [['Port', ''], [html('span', { class: 'unseen' }, 'Bar'), 'c-bar'], ['Records', 'n']];
    const more = rule.more_uses > 0 ? 'the ' + rule.uses.length + ' busiest of ' + count(rule.uses.length + rule.more_uses) + ', ' : '';
    return figure('Ports', more + 'records, answers among them', table('Ports that were used', heads, rows));
  }

  function peers(rule) {
    if (rule.peers.length === 0) {
      return null;
    }
    const most = rule.peers[0].records;
    const rows = rule.peers.map((peer) => html('tr', {},
      html('th', { scope: 'row' }, html('code', {}, peer.address), peer.name && html('br'), peer.name && foreign(peer.name, 'note')),
      html('td', { class: 'c-bar' }, bar(peer.records, most)),
      html('td', { class: 'n' }, count(peer.records)),
      html('td', { class: 'n c-bytes' }, peer.bytes),
      html('td', { class: 'c-seen' }, peer.last_seen)));
    const heads = [['Peer', ''], [html('span', { class: 'unseen' }, 'Bar'), 'c-bar'], ['Records', 'n'], ['Bytes', 'n c-bytes'],
      ['Last (UTC)', 'c-seen']];
    const more = rule.more_peers > 0 ? 'the ' + rule.peers.length + ' busiest of ' + count(rule.peers.length + rule.more_peers) : '';
    return figure('With whom', more, table('Peers that used it', heads, rows));
  }

  return { timeline, ports, peers };
})();
