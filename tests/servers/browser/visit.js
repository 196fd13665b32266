'use strict';

// Opens one page in Chromium and lets a scenario do with it what a person would. What the page tried besides is told too: messages on its
// console, requests, violations of its own policy.
//
//   node visit.js JOB.json     {program, page, scenario, input, dark, scripts, width, height}

const fs = require('node:fs');
const { chromium } = require('playwright-core');

// For one step, on a machine that does other things too, in milliseconds.
const PATIENCE = 120000;
// For all of them.
const END = 600000;

async function visit(job) {
  const browser = await chromium.launch({
    executablePath: job.program,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-proxy-server', '--host-resolver-rules=MAP * ~NOTFOUND'],
    timeout: PATIENCE,
  });
  try {
    const context = await browser.newContext({
      viewport: { width: job.width, height: job.height },
      colorScheme: job.dark ? 'dark' : 'light',
      javaScriptEnabled: job.scripts,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const told = { console: [], requests: [], violations: [] };
    page.on('console', (message) => told.console.push(message.type() + ': ' + message.text()));
    page.on('pageerror', (error) => told.console.push('error: ' + error.message));
    page.on('dialog', (dialog) => {
      told.console.push('dialog: ' + dialog.message());
      dialog.dismiss();
    });
    page.on('request', (request) => told.requests.push(request.url()));
    if (job.scripts) {
      await page.exposeFunction('policyViolated', (what) => told.violations.push(what));
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', (event) => {
          window.policyViolated(event.violatedDirective + ' ' + event.blockedURI);
        });
      });
    }
    await page.goto(job.page, { waitUntil: 'load' });
    const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
    const result = await require(job.scenario)({ page, input: job.input, axe });
    return { result: result === undefined ? null : result, ...told };
  } finally {
    await browser.close();
  }
}

setTimeout(() => {
  process.stderr.write('no end after ' + END / 1000 + ' s\n');
  process.exit(3);
}, END).unref();

visit(JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))).then(
  (told) => process.stdout.write(JSON.stringify(told)),
  (error) => {
    process.stderr.write((error.stack || String(error)) + '\n');
    process.exitCode = 1;
  },
);
