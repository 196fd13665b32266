// Renders the spec of this page as the dashboards do, and leaves what came of it in the element `rendered`.
//
// As in their Vega visualisation: expressions are interpreted and not compiled (their pages forbid `eval`, and so does
// this one), a spec without `autosize` gets "fit", and then the panel's size overrides the spec's own.
(async () => {
  const rendered = {svg: '', warnings: [], error: null, data: {}, marks: {}};

  const say = (parts) => parts.map((part) => {
    if (part instanceof Error || typeof part !== 'object') {
      return String(part);
    }
    return JSON.stringify(part);
  }).join(' ');
  const fail = (...parts) => {
    rendered.error = rendered.error === null ? say(parts) : rendered.error + '\n' + say(parts);
  };
  const logger = {
    level(...given) { return given.length ? logger : vega.Warn; },
    error(...parts) { fail(...parts); return logger; },
    warn(...parts) { rendered.warnings.push(say(parts)); return logger; },
    info() { return logger; },
    debug() { return logger; },
  };
  const refuse = (address) => {
    fail('loads from the network:', address);
    return Promise.reject(new Error('nothing is loaded here'));
  };
  const loader = {load: refuse, sanitize: refuse, http: refuse, file: refuse};
  window.addEventListener('error', (event) => fail(event.message));
  window.addEventListener('unhandledrejection', (event) => fail(event.reason));
  document.addEventListener('securitypolicyviolation', (event) => {
    fail('forbidden by the page:', event.violatedDirective, event.blockedURI);
  });

  // Rows hold no cycles, but what a transform leaves in them may.
  const plain = (rows) => {
    const above = [];
    return JSON.parse(JSON.stringify(rows, function (key, value) {
      if (typeof value !== 'object' || value === null) {
        return value;
      }
      while (above.length && above[above.length - 1] !== this) {
        above.pop();
      }
      if (above.includes(value)) {
        return 'a cycle';
      }
      above.push(value);
      return value;
    }));
  };
  const count = (group) => {
    for (const mark of group.items) {
      if (mark.name) {
        rendered.marks[mark.name] = (rendered.marks[mark.name] || 0) + mark.items.length;
      }
      if (mark.marktype === 'group') {
        mark.items.forEach(count);
      }
    }
  };

  // Vega draws a mark without a word where a scale that it names does not exist.
  const unknownScales = (spec) => {
    const known = new Set();
    const named = new Set();
    const visit = (value) => {
      if (typeof value === 'string') {
        for (const [, name] of value.matchAll(/\b(?:scale|invert|bandwidth)\('([^']*)'/g)) {
          named.add(name);
        }
      } else if (typeof value === 'object' && value !== null) {
        for (const scale of Array.isArray(value.scales) ? value.scales : []) {
          known.add(scale.name);
        }
        if (typeof value.scale === 'string') {
          named.add(value.scale);
        }
        Object.entries(value).forEach(([key, inside]) => key !== 'values' && visit(inside));
      }
    };
    visit(spec);
    return [...named].filter((name) => !known.has(name));
  };

  try {
    const spec = JSON.parse(document.getElementById('spec').textContent);
    const container = document.getElementById('view');
    if (spec.autosize === undefined) {
      spec.autosize = {type: 'fit', contains: 'padding'};
    }
    const autosize = spec.autosize.type || spec.autosize;
    const fitted = autosize === 'fit' || (autosize === 'none' && !spec.width && !spec.height);
    if (fitted && (spec.width || spec.height)) {
      rendered.warnings.push('the width and height of the spec are ignored with autosize=fit');
    }
    unknownScales(spec).forEach((name) => fail('no scale is named', name));
    const runtime = vega.parse(spec, null, {ast: true, logger});
    const view = new vega.View(runtime, {
      expr: vega.expressionInterpreter, renderer: 'svg', hover: true, container, loader, logger,
    });
    if (fitted) {
      view.width(container.clientWidth).height(container.clientHeight);
    }
    await view.runAsync();
    for (const {name} of spec.data || []) {
      rendered.data[name] = plain(view.data(name));
    }
    view.scenegraph().root.items.forEach(count);
    rendered.svg = await view.toSVG();
  } catch (error) {
    fail(error);
  }
  const element = document.createElement('script');
  element.type = 'application/json';
  element.id = 'rendered';
  element.textContent = JSON.stringify(rendered).replaceAll('<', '\\u003c');
  document.body.append(element);
})();
