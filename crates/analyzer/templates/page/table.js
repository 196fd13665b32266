// The table of rules: of ten thousand only a page of rows is ever in the document.
const table = (() => {
  const { html, foreign, count, counted } = elements;
  const PAGE = 100;
  // More rows than this are not printed.
  const PRINTED = 1000;
  const KINDS = ['unused', 'redundant', 'likely-unused', 'too-wide', 'no-evidence', 'not-logged', 'unresolved', 'used'];

  const data = JSON.parse(document.getElementById('data').textContent);
  const { rules, groups, timeline } = data;
  rules.forEach((rule, number) => {
    rule.number = number;
  });
  const state = { text: '', direction: '', kinds: new Set(), sort: '', down: false, page: 0, open: new Set() };
  let matching = rules;
  const find = (id) => document.getElementById(id);
  const body = find('rows');

  function compare(left, right) {
    return left < right ? -1 : left > right ? 1 : 0;
  }

  function groupKey(rule) {
    const group = groups[rule.group];
    return [(group.name || group.id).toLowerCase(), group.id];
  }

  function compareAll(left, right) {
    for (let part = 0; part < left.length; part += 1) {
      const order = compare(left[part], right[part]);
      if (order !== 0) {
        return order;
      }
    }
    return 0;
  }

  // What stands first in each column when it is sorted upwards.
  const ORDERS = {
    verdict: (rule) => [KINDS.indexOf(rule.kind), rule.verdict],
    group: groupKey,
    direction: (rule) => [rule.direction],
    ports: (rule) => [rule.protocol, rule.from === null ? -1 : rule.from, rule.to === null ? -1 : rule.to],
    peer: (rule) => [rule.peer_rank],
    requests: (rule) => [rule.requests],
    last: (rule) => [rule.last_seen],
    exposure: (rule) => [rule.exposure_rank],
    advice: (rule) => [rule.advice ? 0 : 1, rule.advice ? rule.advice.opens : '', rule.advice ? rule.advice.peers.join(' ') : ''],
  };
  // Where the large is looked for, the first press shows it first.
  const DOWN_FIRST = new Set(['requests', 'last', 'exposure']);

  // Rules that fit the search and the direction, and of those the ones whose chips are pressed.
  function select() {
    const asked = search.parse(state.text);
    const counts = {};
    matching = [];
    for (const rule of rules) {
      if ((state.direction !== '' && rule.direction !== state.direction) || !asked(rule, groups[rule.group])) {
        continue;
      }
      counts[rule.kind] = (counts[rule.kind] || 0) + 1;
      if (state.kinds.size === 0 || state.kinds.has(rule.kind)) {
        matching.push(rule);
      }
    }
    for (const chip of document.querySelectorAll('.chip')) {
      const kind = chip.dataset.kind;
      chip.querySelector('.count').textContent = count(counts[kind] || 0);
      chip.setAttribute('aria-pressed', String(state.kinds.has(kind)));
      chip.classList.toggle('none', !counts[kind]);
    }
    for (const button of document.querySelectorAll('[data-direction]')) {
      button.setAttribute('aria-pressed', String(button.dataset.direction === state.direction));
    }
    if (state.sort !== '') {
      const key = ORDERS[state.sort];
      const keyed = matching.map((rule) => [key(rule), rule]);
      const sign = state.down ? -1 : 1;
      keyed.sort((left, right) => sign * compareAll(left[0], right[0]) || left[1].number - right[1].number);
      matching = keyed.map(([, rule]) => rule);
    }
    for (const head of document.querySelectorAll('[data-sort]')) {
      const sorted = head.dataset.sort === state.sort ? (state.down ? 'descending' : 'ascending') : 'none';
      head.setAttribute('aria-sort', sorted);
    }
  }

  // Names that several groups have: only with them a row needs the id too.
  const shared = new Set();
  const met = new Set();
  for (const { name } of groups) {
    (met.has(name) ? shared : met).add(name);
  }

  // A name, or where that does not tell which one is meant, or there is none, the id.
  function named(name, id) {
    if (name === '') {
      return [html('code', {}, foreign(id))];
    }
    const parts = [html('span', { title: id }, foreign(name, 'group-name'))];
    return shared.has(name) ? [...parts, ' ', html('code', { class: 'faint' }, foreign(id))] : parts;
  }

  function row(rule) {
    const group = groups[rule.group];
    const open = state.open.has(rule.number);
    const button = html('button', {
      type: 'button', class: 'open', 'aria-expanded': String(open), 'aria-controls': 'behind-' + rule.number,
      'aria-label': 'Details of ' + rule.id,
    });
    const line = html('tr', { class: 'rule tone-' + rule.tone, 'data-rule': rule.number },
      html('td', { class: 'c-open' }, button),
      html('td', { class: 'c-verdict' }, html('span', { class: 'badge ' + rule.tone }, rule.verdict),
        rule.advice && html('span', { class: 'badge wide' }, 'wide')),
      html('td', { class: 'c-group' }, ...named(group.name, group.id), rule.description && foreign(rule.description, 'description')),
      html('td', { class: 'c-direction' }, rule.direction),
      html('td', { class: 'c-ports' }, rule.ports),
      html('td', { class: 'c-peer' }, html('b', { class: 'ports-too' }, rule.ports), ...named(rule.peer_name, rule.peer)),
      html('td', { class: 'c-requests n' }, rule.requests_text),
      html('td', { class: 'c-last' }, rule.last_seen),
      html('td', { class: 'c-exposure n' }, rule.exposure),
      html('td', { class: 'c-advice' }, rule.advice && html('span', {}, foreign(rule.advice.opens), ' ',
        foreign(rule.advice.peers.slice(0, 2).join(', ') + (rule.advice.peers.length > 2 ? ', +' + (rule.advice.peers.length - 2) : '')))));
    return line;
  }

  // How many columns are shown: narrow windows have fewer.
  function columns() {
    return [...find('table').tHead.rows[0].cells].filter((head) => getComputedStyle(head).display !== 'none').length;
  }

  function behind(rule) {
    const cell = html('td', { colspan: columns() }, details.content(rule, groups[rule.group], timeline));
    return html('tr', { class: 'behind-row', id: 'behind-' + rule.number }, cell);
  }

  function fill(shown) {
    const lines = document.createDocumentFragment();
    for (const rule of shown) {
      lines.append(row(rule));
      if (state.open.has(rule.number)) {
        lines.append(behind(rule));
      }
    }
    body.replaceChildren(lines);
  }

  function render() {
    const pages = Math.max(1, Math.ceil(matching.length / PAGE));
    state.page = Math.min(state.page, pages - 1);
    const first = state.page * PAGE;
    const shown = matching.slice(first, first + PAGE);
    fill(shown);
    const all = matching.length === rules.length;
    find('matches').textContent = all ? counted(rules.length, 'rule')
      : count(matching.length) + ' of ' + counted(rules.length, 'rule');
    find('left-out').hidden = true;
    document.querySelector('.pager').hidden = pages === 1;
    find('before').disabled = state.page === 0;
    find('after').disabled = state.page === pages - 1;
    find('place').textContent = count(first + 1) + '–' + count(first + shown.length) + ' of ' + count(matching.length);
    if (matching.length === 0) {
      body.replaceChildren(html('tr', {}, html('td', { colspan: columns(), class: 'nothing' }, 'No rule fits. ',
        'Clear the search or press another verdict.')));
    }
  }

  // After anything but turning a page: back to the first one.
  function refresh() {
    state.page = 0;
    select();
    render();
  }

  function turn(by) {
    state.page += by;
    render();
    find('table').scrollIntoView();
  }

  function toggle(line) {
    const number = Number(line.dataset.rule);
    const rule = rules[number];
    const button = line.querySelector('.open');
    if (state.open.delete(number)) {
      document.getElementById('behind-' + number).remove();
      button.setAttribute('aria-expanded', 'false');
      return;
    }
    state.open.add(number);
    line.after(behind(rule));
    button.setAttribute('aria-expanded', 'true');
  }

  // On paper stands everything that fits, as far as somebody would read it.
  function forPaper() {
    const shown = matching.slice(0, PRINTED);
    fill(shown);
    if (matching.length > shown.length) {
      find('left-out').textContent = count(matching.length - shown.length) + ' more rules fit and are not printed: narrow the search first.';
      find('left-out').hidden = false;
    }
  }

  function showGroup(id) {
    state.text = 'group:' + id.toLowerCase();
    find('search').value = state.text;
    state.kinds.clear();
    state.direction = '';
    refresh();
  }

  function start() {
    find('browser').hidden = false;
    find('search').addEventListener('input', (event) => {
      state.text = event.target.value;
      refresh();
    });
    find('clear').addEventListener('click', () => {
      Object.assign(state, { text: '', direction: '', sort: '', down: false });
      state.kinds.clear();
      find('search').value = '';
      refresh();
      find('search').focus();
    });
    for (const chip of document.querySelectorAll('.chip')) {
      chip.addEventListener('click', () => {
        const kind = chip.dataset.kind;
        if (!state.kinds.delete(kind)) {
          state.kinds.add(kind);
        }
        refresh();
      });
    }
    for (const button of document.querySelectorAll('[data-direction]')) {
      button.addEventListener('click', () => {
        state.direction = button.dataset.direction;
        refresh();
      });
    }
    for (const head of document.querySelectorAll('[data-sort]')) {
      head.querySelector('button').addEventListener('click', () => {
        const column = head.dataset.sort;
        state.down = state.sort === column ? !state.down : DOWN_FIRST.has(column);
        state.sort = column;
        refresh();
      });
    }
    body.addEventListener('click', (event) => {
      const line = event.target.closest('tr.rule');
      // Who marks a text to copy it does not ask for details.
      const marks = String(window.getSelection()) !== '';
      if (line && (event.target.closest('.open') || !marks)) {
        toggle(line);
      }
    });
    for (const width of [760, 900, 1100]) {
      window.matchMedia('(max-width: ' + width + 'px)').addEventListener('change', () => render());
    }
    find('before').addEventListener('click', () => turn(-1));
    find('after').addEventListener('click', () => turn(1));
    refresh();
  }

  return { start, render, forPaper, showGroup };
})();
