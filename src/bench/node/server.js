// The five RPCs on @grpc/grpc-js, as its own examples have them. Takes a port.
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const contract = loader.loadSync(path.join(__dirname, 'user_service.proto'), { keepCase: true });
const { UserService } = grpc.loadPackageDefinition(contract).users.v1;

const users = [];
const room = new Set();
const now = () => new Date().toISOString();

function put(request, createdAt) {
  const { name, email, age } = request;
  const user = { user_id: users.length + 1, name, email, age, created_at: createdAt };
  users.push(user);
  return user;
}

for (const [name, email, age] of [
  ['Alice Johnson', 'alice@example.com', 28],
  ['Bob Smith', 'bob@example.com', 35],
  ['Charlie Brown', 'charlie@example.com', 42],
  ['Diana Prince', 'diana@example.com', 30],
  ['Eve Wilson', 'eve@example.com', 25],
]) {
  put({ name, email, age }, '2025-10-29T10:00:00Z');
}

function getUser(call, answer) {
  const user = users[call.request.user_id - 1];
  if (user) {
    answer(null, user);
  } else {
    answer({ code: grpc.status.NOT_FOUND, details: 'unknown id' });
  }
}

function createUser(call, answer) {
  answer(null, put(call.request, now()));
}

function listUsers(call) {
  let next = call.request.after_user_id || 0;
  const end = call.request.limit ? Math.min(users.length, next + call.request.limit) : users.length;
  const write = () => {
    while (next < end) {
      if (!call.write(users[next++])) {
        call.once('drain', write);
        return;
      }
    }
    call.end();
  };
  write();
}

function batchCreateUsers(call, answer) {
  const batch = [];
  call.on('data', (request) => batch.push(request));
  call.on('end', () => {
    const createdAt = now();
    const ids = batch.map((request) => put(request, createdAt).user_id);
    answer(null, { users_created: ids.length, user_ids: ids });
  });
}

function streamUsers(call) {
  room.add(call);
  call.on('data', (message) => {
    const timestamp = now();
    call.write({ message: `Server received: ${message.message}`, timestamp });
    for (const other of room) {
      if (other !== call) {
        other.write({ ...message, timestamp });
      }
    }
  });
  call.on('end', () => {
    room.delete(call);
    call.end();
  });
  call.on('error', () => room.delete(call));
  call.on('cancelled', () => room.delete(call));
}

const server = new grpc.Server();
server.addService(UserService.service, { getUser, createUser, listUsers, batchCreateUsers, streamUsers });
server.bindAsync(`127.0.0.1:${process.argv[2]}`, grpc.ServerCredentials.createInsecure(), (failure) => {
  if (failure) {
    throw failure;
  }
});
