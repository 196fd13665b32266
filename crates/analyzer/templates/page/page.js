// Everything around the table: colours, copying, paper, the picture.
(() => {
  const THEMES = ['', 'light', 'dark'];
  const NAMES = { '': ['Auto', 'as the system has them'], light: ['Light', 'of the day'], dark: ['Dark', 'of the night'] };
  const root = document.documentElement;
  const said = document.getElementById('said');

  // A page that was opened from a file may have no store; then the choice holds until it is closed.
  function remembered() {
    try {
      return window.localStorage.getItem('sg-audit-theme') || '';
    } catch (error) {
      return '';
    }
  }

  function paint(theme) {
    const button = document.getElementById('theme');
    if (theme === '') {
      delete root.dataset.theme;
    } else {
      root.dataset.theme = theme;
    }
    button.textContent = NAMES[theme][0];
    button.setAttribute('aria-label', NAMES[theme][0] + ': colours ' + NAMES[theme][1]);
    button.dataset.theme = theme;
    try {
      window.localStorage.setItem('sg-audit-theme', theme);
    } catch (error) {
      // Nothing is lost but the memory of it.
    }
  }

  function startColours() {
    const theme = remembered();
    paint(THEMES.includes(theme) ? theme : '');
    document.getElementById('theme').addEventListener('click', (event) => {
      const next = (THEMES.indexOf(event.currentTarget.dataset.theme) + 1) % THEMES.length;
      paint(THEMES[next]);
    });
    document.querySelector('.switches').hidden = false;
  }

  // Without the clipboard of secure contexts, the old way: mark and copy.
  async function copy(commands) {
    try {
      await navigator.clipboard.writeText(commands.textContent);
      return true;
    } catch (error) {
      const range = document.createRange();
      range.selectNodeContents(commands);
      const selection = window.getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      const copied = document.execCommand('copy');
      selection.removeAllRanges();
      return copied;
    }
  }

  function startCopying() {
    for (const button of document.querySelectorAll('.copy')) {
      button.hidden = false;
      button.addEventListener('click', async () => {
        const copied = await copy(button.closest('.commands').querySelector('pre code'));
        const label = button.firstElementChild;
        label.textContent = copied ? 'Copied' : 'Mark and copy';
        said.textContent = copied ? 'Copied to the clipboard' : 'The browser does not let pages copy; mark the commands and copy them';
        window.setTimeout(() => {
          label.textContent = 'Copy';
        }, 2000);
      });
    }
  }

  function startPaper() {
    let opened = [];
    window.addEventListener('beforeprint', () => {
      opened = [...document.querySelectorAll('details:not([open])')];
      opened.forEach((part) => {
        part.open = true;
      });
      table.forPaper();
    });
    window.addEventListener('afterprint', () => {
      opened.forEach((part) => {
        part.open = false;
      });
      table.render();
    });
    document.getElementById('print').addEventListener('click', () => window.print());
  }

  // A box under the pointer or the focus brings out its lines; pressed, it shows its rules.
  function startPicture() {
    const picture = document.getElementById('network');
    if (!picture) {
      return;
    }
    const lines = [...picture.querySelectorAll('.line')];
    const light = (number) => {
      picture.classList.toggle('dimmed', number !== null);
      for (const line of lines) {
        line.classList.toggle('lit', line.dataset.from === number || line.dataset.to === number);
      }
    };
    for (const node of picture.querySelectorAll('.node')) {
      const number = node.dataset.node;
      node.addEventListener('pointerenter', () => light(number));
      node.addEventListener('pointerleave', () => light(null));
      node.addEventListener('focus', () => light(number));
      node.addEventListener('blur', () => light(null));
      if (node.dataset.group) {
        node.addEventListener('click', () => table.showGroup(node.dataset.group));
      }
    }
  }

  startColours();
  startCopying();
  startPaper();
  startPicture();
  table.start();
})();
