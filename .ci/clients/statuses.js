// What a stock Node client reads of a status, and what its cancel does to a batch. Its argument: ADDRESS.
// Prints one line of JSON.
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const contract = loader.loadSync('src/main/proto/user_service.proto', { keepCase: true });
const { UserService } = grpc.loadPackageDefinition(contract).users.v1;
const { CreateUser } = UserService.service;
const client = new UserService(process.argv[2], grpc.credentials.createInsecure());

// A HealthCheckRequest has its one text where a CreateUserRequest has the name.
const statusOfHealth = (name) =>
  new Promise((resolve) => {
    const { requestSerialize, responseDeserialize } = CreateUser;
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', requestSerialize, responseDeserialize, { name }, (error) =>
      resolve([grpc.status[error.code], error.details]),
    );
  });

const users = () =>
  new Promise((resolve, reject) => {
    let count = 0;
    client
      .ListUsers({})
      .on('data', () => count++)
      .on('error', reject)
      .on('end', () => resolve(count));
  });

const cancelledBatch = () =>
  new Promise((resolve) => {
    const batch = client.BatchCreateUsers((error) => resolve(error ? grpc.status[error.code] : 'OK'));
    for (let i = 0; i < 3; i++) {
      batch.write({ name: 'N', email: `cancelled${i}@example.com` });
    }
    // A later call has its answer: the three users are with the server.
    statusOfHealth('later').then(() => batch.cancel());
  });

(async () => {
  const messages = [];
  for (const name of ['a/b:c, d;e 100 %, \u4e2d\u6587', '\u4e2d'.repeat(1300)]) {
    messages.push(await statusOfHealth(name));
  }
  const before = await users();
  const cancelled = await cancelledBatch();
  const created = (await users()) - before;
  console.log(JSON.stringify({ messages, cancelled, created }));
  client.close();
})();
