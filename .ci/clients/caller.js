// A stock Node client; caller.py has its arguments and what it does.
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, ...rest] = process.argv.slice(2);
const [calls, atOnce, channels, every] = rest.slice(0, 4).map(Number);
const [tag, authority] = rest.slice(4);
const contract = loader.loadSync('src/main/proto/user_service.proto', { keepCase: true });
const { UserService } = grpc.loadPackageDefinition(contract).users.v1;
const { GetUser } = UserService.service;

const alice = { user_id: 1 };
const failed = {};
const oddEnds = {};
let ok = 0;
const count = (counts, key) => (counts[key] = (counts[key] || 0) + 1);
const endOf = (error) => (error ? `${grpc.status[error.code]}: ${error.details}` : 'OK');

const credentials = () =>
  authority ? grpc.credentials.createSsl(fs.readFileSync(authority)) : grpc.credentials.createInsecure();

function spaces() {
  const metadata = new grpc.Metadata();
  metadata.add('a', ' b');
  metadata.add('c', 'd ');
  return metadata;
}

// Each starts a call that ends with `done`.
const odd = [
  ['space', (client, done) => client.GetUser(alice, spaces(), done)],
  ['cancelled', (client, done) => client.GetUser(alice, done).cancel()],
  ['cancelled in the next turn', (client, done) => {
    const call = client.GetUser(alice, done);
    setImmediate(() => call.cancel());
  }],
  ['cancelled after 1 ms', (client, done) => {
    const call = client.GetUser(alice, done);
    setTimeout(() => call.cancel(), 1);
  }],
  ['half-closed and cancelled', (client, done) => {
    const call = client.StreamUsers();
    call.on('data', () => {}).on('error', done).on('end', () => {});
    call.write({ user_id: 1, message: 'odd' });
    setTimeout(() => {
      call.end();
      call.cancel();
    }, 2);
  }],
  ['half-closed batch, cancelled', (client, done) => {
    const call = client.BatchCreateUsers(done);
    setTimeout(() => {
      call.end();
      setImmediate(() => call.cancel());
    }, 2);
  }],
  ['deadline of 1 ms', (client, done) => client.GetUser(alice, { deadline: Date.now() + 1 }, done)],
  ['unknown method', (client, done) =>
    client.makeUnaryRequest('/users.v1.UserService/Nothing', GetUser.requestSerialize, GetUser.responseDeserialize, alice, done)],
];

async function run(number) {
  const client = new UserService(address, credentials(), { 'grpc.use_local_subchannel_pool': 1 });
  const streams = [];
  const chat = client.StreamUsers();
  streams.push(new Promise((resolve) => {
    chat.on('error', (error) => resolve(`chat, ${endOf(error)}`)).on('end', () => resolve('OK'));
  }));
  await new Promise((resolve) => {
    chat.on('data', resolve).on('error', resolve);
    chat.write({ user_id: 1, message: 'I am here' });
  });
  let batch;
  streams.push(new Promise((resolve) => {
    batch = client.BatchCreateUsers((error) => resolve(error ? `batch, ${endOf(error)}` : 'OK'));
  }));
  batch.write({ name: 'A', email: `${tag}.${number}.0@example.com` });

  const oddOnes = [];
  let next = 0;
  const worker = async () => {
    while (next < calls / channels) {
      if (every && next++ % every === 0) {
        const [name, start] = odd[oddOnes.length % odd.length];
        oddOnes.push(new Promise((resolve) => start(client, resolve)).then((error) => {
          count((oddEnds[name] ||= {}), endOf(error));
        }));
      } else if (!every) {
        next++;
      }
      const error = await new Promise((resolve) => client.GetUser(alice, resolve));
      if (error) {
        count(failed, endOf(error));
      } else {
        ok++;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  await Promise.all(oddOnes);
  batch.write({ name: 'A', email: `${tag}.${number}.1@example.com` });
  batch.end();
  chat.end();
  for (const how of await Promise.all(streams)) {
    if (how !== 'OK') {
      count(failed, how);
    }
  }
  client.close();
}

(async () => {
  const began = Date.now();
  for (let i = 0; i < channels; i++) {
    await run(i);
  }
  console.log(JSON.stringify({ ok, failed, odd: oddEnds, seconds: (Date.now() - began) / 1000 }));
})();
