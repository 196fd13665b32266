'use strict';

// Elements, made of tags and texts only: nothing here ever reads a text as markup.
const elements = (() => {
  const SVG = 'http://www.w3.org/2000/svg';

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== undefined && value !== null && value !== false) {
        element.setAttribute(name, value === true ? '' : String(value));
      }
    }
    for (const child of children) {
      if (child !== undefined && child !== null && child !== false && child !== '') {
        element.append(child);
      }
    }
    return element;
  }

  // An element of HTML, with attributes, and with children that are elements or texts.
  function html(tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
  }

  // The same of SVG.
  function svg(tag, attributes, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
  }

  // Text from the account or the network, which must not turn its surroundings around.
  function foreign(text, className) {
    return html('bdi', { class: className }, text);
  }

  function count(number) {
    return number.toLocaleString('en-US');
  }

  // `1 rule`, `2 rules`.
  function counted(number, noun) {
    return count(number) + ' ' + noun + (number === 1 ? '' : 's');
  }

  return { html, svg, foreign, count, counted };
})();
