// The work of the design of 2017, as plain Node.js without any package: what `make bench` compares flow-decorate with.
//
// For every batch: one DescribeNetworkInterfaces call without paging, its XML read by regular expressions. For every record:
// base64, the regular expression of the default IPv4 format, a scan over the interfaces for the groups, a table for the
// place, JSON, base64. It sleeps nowhere, waits for nothing but that one call, and does no more than it must; a geo service
// over HTTP for every address, as was usual then, is left out in its favour.

'use strict';

const fs = require('fs');
const http = require('http');

const [HOST, PORT] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const EC2 = new URL(process.env.AWS_ENDPOINT_URL);
// { "203.0.113": { "country_code": ..., ... } }
const PLACES = JSON.parse(fs.readFileSync(process.env.PLACES, 'utf8'));
const AGENT = new http.Agent({ keepAlive: true });

const FIELDS = [
  'version', 'account-id', 'interface-id', 'srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol', 'packets', 'bytes',
  'start', 'end', 'action', 'log-status',
];
const ADDRESS = '(\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3})';
const LINE = new RegExp(
  `^(\\d) (\\d+) (eni-\\w+) ${ADDRESS} ${ADDRESS} (\\d+) (\\d+) (\\d+) (\\d+) (\\d+) (\\d+) (\\d+) (ACCEPT|REJECT) (OK|NODATA|SKIPDATA)$`
);

function call(options, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ agent: AGENT, ...options }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function readInterfaces() {
  const body = 'Action=DescribeNetworkInterfaces&Version=2016-11-15';
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
    authorization: 'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260301/us-east-1/ec2/aws4_request, Signature=none',
  };
  const answer = await call({ host: EC2.hostname, port: EC2.port, method: 'POST', path: '/', headers }, body);
  const interfaces = [];
  for (const part of answer.body.toString().split('<networkInterfaceId>').slice(1)) {
    const groups = part.match(/<groupSet>(.*?)<\/groupSet>/s)[1];
    interfaces.push({
      id: part.slice(0, part.indexOf('<')),
      address: part.match(/<privateIpAddress>(.*?)</)[1],
      groupIds: [...groups.matchAll(/<groupId>(.*?)</g)].map((match) => match[1]),
      groupNames: [...groups.matchAll(/<groupName>(.*?)</g)].map((match) => match[1]),
    });
  }
  return interfaces;
}

function addPlace(document, side, address) {
  const place = PLACES[address.slice(0, address.lastIndexOf('.'))];
  if (!place) {
    return;
  }
  for (const name in place) {
    document[`${side}-${name}`] = place[name];
  }
}

function decorate(line, interfaces) {
  const match = LINE.exec(line);
  if (!match) {
    return null;
  }
  const document = { '@timestamp': new Date(match[12] * 1000).toISOString() };
  for (let index = 0; index < FIELDS.length; index += 1) {
    const text = match[index + 1];
    document[FIELDS[index]] = index === 0 || (index >= 5 && index <= 11) ? Number(text) : text;
  }
  const found = interfaces.find((candidate) => candidate.id === document['interface-id']);
  if (found) {
    document['security-group-ids'] = found.groupIds;
    document['security-group-names'] = found.groupNames;
    document.direction = found.address === document.dstaddr ? 'inbound' : 'outbound';
  }
  addPlace(document, 'source', document.srcaddr);
  addPlace(document, 'destination', document.dstaddr);
  return document;
}

async function transform(event) {
  const interfaces = await readInterfaces();
  const records = [];
  for (const record of event.records) {
    const line = Buffer.from(record.data, 'base64').toString('utf8').trim();
    const document = decorate(line, interfaces);
    if (document) {
      const data = Buffer.from(`${JSON.stringify(document)}\n`).toString('base64');
      records.push({ recordId: record.recordId, result: 'Ok', data });
    } else {
      records.push({ recordId: record.recordId, result: 'ProcessingFailed', data: record.data });
    }
  }
  return { records };
}

async function serve() {
  const base = '/2018-06-01/runtime/invocation';
  for (;;) {
    const next = await call({ host: HOST, port: PORT, path: `${base}/next` });
    const id = next.headers['lambda-runtime-aws-request-id'];
    if (!id) {
      throw new Error('the Runtime API is gone');
    }
    const body = Buffer.from(JSON.stringify(await transform(JSON.parse(next.body))));
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    await call({ host: HOST, port: PORT, method: 'POST', path: `${base}/${id}/response`, headers }, body);
  }
}

serve().catch((error) => {
  console.error(error);
  process.exit(1);
});
