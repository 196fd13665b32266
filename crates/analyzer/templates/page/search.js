// What a search means: every word must be found. A whole number is a port, and finds the rules that open it; or it is a word of its own in a
// text. A word with a place before it (`group:`, `peer:`, `port:`, `id:`) is looked for there alone.
const search = (() => {
  const PORTED = new Set(['tcp', 'udp', 'all']);

  // Lower-cased texts of a rule, made once, when it is first looked at.
  function texts(rule, group) {
    if (!rule.texts) {
      const id = rule.id.toLowerCase();
      const groupText = (group.name + ' ' + group.id).toLowerCase();
      const peer = (rule.peer + ' ' + rule.peer_name).toLowerCase();
      const tags = rule.tags.map((tag) => tag.join('=')).join(' ').toLowerCase();
      const all = [groupText, id, rule.ports, peer, rule.description, rule.verdict, tags].join('\n').toLowerCase();
      rule.texts = { id, group: groupText, peer, all };
    }
    return rule.texts;
  }

  function opens(rule, port) {
    if (!PORTED.has(rule.protocol)) {
      return false;
    }
    if (rule.protocol === 'all' || rule.from === null || rule.to === null) {
      return true;
    }
    return rule.from <= port && port <= rule.to;
  }

  function isPort(word) {
    return /^\d{1,5}$/.test(word) && Number(word) <= 65535;
  }

  // Whether a number stands in a text by itself.
  function hasNumber(text, number) {
    for (let at = text.indexOf(number); at >= 0; at = text.indexOf(number, at + 1)) {
      const around = text.charAt(at - 1) + text.charAt(at + number.length);
      if (!/[\p{L}\p{N}._:/-]/u.test(around)) {
        return true;
      }
    }
    return false;
  }

  // One word as a question to a rule and its group.
  function question(word) {
    const place = /^(group|peer|port|id):(.+)$/.exec(word);
    if (place) {
      const [, where, what] = place;
      if (where === 'port') {
        return isPort(what) ? (rule) => opens(rule, Number(what)) : () => false;
      }
      return (rule, group) => texts(rule, group)[where].includes(what);
    }
    if (isPort(word)) {
      const port = Number(word);
      return (rule, group) => opens(rule, port) || hasNumber(texts(rule, group).all, word);
    }
    return (rule, group) => texts(rule, group).all.includes(word);
  }

  // A question that holds if all words do.
  function parse(text) {
    const questions = text.toLowerCase().split(/\s+/).filter((word) => word !== '').map(question);
    return (rule, group) => questions.every((holds) => holds(rule, group));
  }

  return { parse };
})();
