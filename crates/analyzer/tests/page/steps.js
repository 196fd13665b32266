'use strict';

// What a person does on the page, one step after the other; each answers with what is then to be seen.
//
// input: [["search", "443"], ["sort", "exposure"], ...] -> [answer, ...]

const SHOWN = 'Details of ';

// Ids of the rows of this page of the table.
const rowIds = (page) => page.$$eval('#rows tr.rule .open', (buttons, shown) => buttons.map((button) => button.getAttribute('aria-label').slice(shown.length)), SHOWN);

// Ids of all rules that fit, over all pages.
async function allIds(page) {
  const ids = [];
  for (;;) {
    ids.push(...(await rowIds(page)));
    const more = await page.$eval('#after', (button) => !button.disabled && button.closest('nav').checkVisibility());
    if (!more) {
      break;
    }
    await page.click('#after');
  }
  while (await page.$eval('#before', (button) => !button.disabled && button.closest('nav').checkVisibility())) {
    await page.click('#before');
  }
  return ids;
}

const rowOf = (page, id) => page.locator('#rows tr.rule').filter({ has: page.locator('[aria-label=' + JSON.stringify(SHOWN + id) + ']') });

const STEPS = {
  // The ids that a search leaves, and how many the page says they are.
  async search({ page }, text) {
    await page.fill('#search', text);
    return { ids: await allIds(page), said: await page.textContent('#matches') };
  },
  async ids({ page }) {
    return allIds(page);
  },
  async clear({ page }) {
    await page.click('#clear');
    return rowIds(page);
  },
  // Presses the head of a column: the ids, and what each column says of its order.
  async sort({ page }, column) {
    await page.click('[data-sort="' + column + '"] button');
    const orders = await page.$$eval('[data-sort]', (heads) => heads.map((head) => [head.dataset.sort, head.getAttribute('aria-sort')]));
    return { ids: await allIds(page), orders: Object.fromEntries(orders) };
  },
  // Presses a chip: whether it is pressed now, the count it shows, the ids.
  async chip({ page }, kind) {
    const chip = page.locator('.chip[data-kind="' + kind + '"]');
    await chip.click();
    return {
      pressed: await chip.getAttribute('aria-pressed'),
      count: await chip.locator('.count').textContent(),
      ids: await allIds(page),
    };
  },
  async direction({ page }, direction) {
    await page.click('[data-direction="' + direction + '"]');
    return allIds(page);
  },
  // Opens, or closes, the row of a rule: what stands behind it, or null.
  async toggle({ page }, id) {
    const row = rowOf(page, id);
    await row.locator('.open').click();
    const expanded = await row.locator('.open').getAttribute('aria-expanded');
    const behind = page.locator('#' + (await row.locator('.open').getAttribute('aria-controls')));
    if ((await behind.count()) === 0) {
      return { expanded, text: null };
    }
    return {
      expanded,
      text: await behind.innerText(),
      columns: await behind.locator('.timeline .column').count(),
      ports: await behind.locator('figure:has(figcaption:has-text("Ports")) tbody th').allInnerTexts(),
      peers: await behind.locator('figure:has(figcaption:has-text("With whom")) tbody th code').allInnerTexts(),
    };
  },
  // Text of the cells of a row.
  async row({ page }, id) {
    return rowOf(page, id).locator('td').allInnerTexts();
  },
  // Opens everything that can be opened, for axe to look at.
  async open({ page }) {
    await page.$$eval('details', (parts) => parts.forEach((part) => { part.open = true; }));
    return page.$$eval('details', (parts) => parts.length);
  },
  // What axe-core finds that is serious or critical: rule, and the elements.
  async axe({ page, axe }) {
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations', 'incomplete'] }));
    return found.violations
      .filter((violation) => violation.impact === 'serious' || violation.impact === 'critical')
      .map((violation) => violation.id + ': ' + violation.nodes.slice(0, 5).map((node) => node.target.join(' ') + ' ' + (node.any[0] || {}).message).join('; '));
  },
  // Goes on with the key: each place where the focus then is, as tag, id and label.
  async keys({ page }, key, times) {
    const places = [];
    for (let time = 0; time < times; time += 1) {
      await page.keyboard.press(key);
      places.push(await page.evaluate(() => {
        const at = document.activeElement;
        return [at.tagName.toLowerCase(), at.id, at.getAttribute('aria-label') || at.textContent.trim().slice(0, 60)].join('|');
      }));
    }
    return places;
  },
  async focus({ page }, selector) {
    await page.focus(selector);
    // Drawn around what has the focus.
    return page.$eval(selector, (element) => getComputedStyle(element).outlineStyle);
  },
  async type({ page }, text) {
    await page.keyboard.type(text);
  },
  async expanded({ page }) {
    return page.$$eval('#rows .open', (buttons) => buttons.map((button) => button.getAttribute('aria-expanded')));
  },
  async text({ page }, selector) {
    return page.locator(selector).allInnerTexts();
  },
  // Whether anything of it is to be seen.
  async visible({ page }, selector) {
    return page.locator(selector).first().isVisible();
  },
  async click({ page }, selector) {
    await page.locator(selector).first().click();
  },
  async attribute({ page }, selector, name) {
    return page.$$eval(selector, (elements, attribute) => elements.map((element) => element.getAttribute(attribute)), name);
  },
  // How many elements of each tag there are.
  async tags({ page }) {
    return page.evaluate(() => {
      const tags = {};
      for (const element of document.querySelectorAll('*')) {
        const tag = element.tagName.toLowerCase();
        tags[tag] = (tags[tag] || 0) + 1;
      }
      return tags;
    });
  },
  async evaluate({ page }, expression) {
    return page.evaluate(expression);
  },
  async clipboard({ page }) {
    return page.evaluate(() => navigator.clipboard.readText());
  },
  // Whether the page is wider than the window.
  async overflow({ page }) {
    return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  },
  // Prints: how many rows stand on paper, what it says of the rest, the bytes of the PDF, and the rows afterwards.
  async print({ page }) {
    await page.evaluate(() => {
      window.addEventListener('beforeprint', () => {
        window.printed = {
          rows: document.querySelectorAll('#rows tr.rule').length,
          left: document.getElementById('left-out').textContent,
          closed: document.querySelectorAll('details:not([open])').length,
        };
      });
    });
    const pdf = await page.pdf({ preferCSSPageSize: true });
    return { ...(await page.evaluate(() => window.printed)), bytes: pdf.length, after: (await rowIds(page)).length };
  },
  async picture({ page }, path, whole) {
    await page.mouse.move(0, 0);
    await page.screenshot({ path, fullPage: whole === true });
  },
  async pdf({ page }, path) {
    await page.pdf({ path, preferCSSPageSize: true });
  },
  async scroll({ page }, selector) {
    await page.$eval(selector, (element) => element.scrollIntoView());
  },
};

module.exports = async (stage) => {
  const answers = [];
  for (const [step, ...rest] of stage.input) {
    const answer = await STEPS[step](stage, ...rest);
    answers.push(answer === undefined ? null : answer);
  }
  return answers;
};
