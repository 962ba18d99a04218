// The five RPCs on the synchronous API of gRPC C++, as its own examples have them. Takes a port.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "user_service.grpc.pb.h"

using namespace users::v1;
using grpc::ServerContext;
using grpc::Status;

static std::string Now() {
  auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(
                    std::chrono::system_clock::now().time_since_epoch())
                    .count();
  std::time_t seconds = millis / 1000;
  std::tm utc;
  gmtime_r(&seconds, &utc);
  char day[32], text[48];
  std::strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text, sizeof text, "%s.%03dZ", day, static_cast<int>(millis % 1000));
  return text;
}

// One open chat: a stream takes one write at a time.
struct Member {
  grpc::ServerReaderWriter<UserMessage, UserMessage>* stream;
  std::mutex writing;

  void Hear(const UserMessage& message) {
    std::lock_guard<std::mutex> one(writing);
    stream->Write(message);
  }
};

class Users final : public UserService::Service {
 public:
  Users() {
    Sample("Alice Johnson", "alice@example.com", 28);
    Sample("Bob Smith", "bob@example.com", 35);
    Sample("Charlie Brown", "charlie@example.com", 42);
    Sample("Diana Prince", "diana@example.com", 30);
    Sample("Eve Wilson", "eve@example.com", 25);
  }

  Status GetUser(ServerContext*, const GetUserRequest* request, UserResponse* response) override {
    std::shared_lock<std::shared_mutex> reading(lock_);
    if (request->user_id() < 1 || static_cast<size_t>(request->user_id()) > users_.size()) {
      return Status(grpc::StatusCode::NOT_FOUND, "unknown id");
    }
    *response = users_[request->user_id() - 1];
    return Status::OK;
  }

  Status CreateUser(ServerContext*, const CreateUserRequest* request, UserResponse* response) override {
    std::unique_lock<std::shared_mutex> writing(lock_);
    *response = Put(*request, Now());
    return Status::OK;
  }

  Status ListUsers(ServerContext*, const ListUsersRequest* request, grpc::ServerWriter<UserResponse>* out) override {
    size_t next = request->after_user_id();
    size_t end;
    {
      std::shared_lock<std::shared_mutex> reading(lock_);
      end = users_.size();
    }
    if (request->limit() > 0) {
      end = std::min(end, next + request->limit());
    }
    for (; next < end; ++next) {
      const UserResponse* user;
      {
        std::shared_lock<std::shared_mutex> reading(lock_);
        user = &users_[next];  // A deque does not move what is in it.
      }
      if (!out->Write(*user)) {
        break;
      }
    }
    return Status::OK;
  }

  Status BatchCreateUsers(ServerContext*, grpc::ServerReader<CreateUserRequest>* in,
                          BatchCreateResponse* response) override {
    std::vector<CreateUserRequest> batch;
    for (CreateUserRequest request; in->Read(&request);) {
      batch.push_back(request);
    }
    std::unique_lock<std::shared_mutex> writing(lock_);
    std::string now = Now();
    for (const CreateUserRequest& request : batch) {
      response->add_user_ids(Put(request, now).user_id());
    }
    response->set_users_created(static_cast<int>(batch.size()));
    return Status::OK;
  }

  Status StreamUsers(ServerContext*, grpc::ServerReaderWriter<UserMessage, UserMessage>* stream) override {
    auto member = std::make_shared<Member>();
    member->stream = stream;
    {
      std::unique_lock<std::shared_mutex> writing(room_lock_);
      room_.insert(member);
    }
    for (UserMessage message; stream->Read(&message);) {
      std::string now = Now();
      UserMessage answer;
      answer.set_message("Server received: " + message.message());
      answer.set_timestamp(now);
      member->Hear(answer);
      message.set_timestamp(now);
      // Held while they are written to, so that no stream ends meanwhile.
      std::shared_lock<std::shared_mutex> reading(room_lock_);
      for (const auto& other : room_) {
        if (other != member) {
          other->Hear(message);
        }
      }
    }
    std::unique_lock<std::shared_mutex> writing(room_lock_);
    room_.erase(member);
    return Status::OK;
  }

 private:
  void Sample(const char* name, const char* email, int age) {
    CreateUserRequest request;
    request.set_name(name);
    request.set_email(email);
    request.set_age(age);
    Put(request, "2025-10-29T10:00:00Z");
  }

  const UserResponse& Put(const CreateUserRequest& request, const std::string& created_at) {
    UserResponse& user = users_.emplace_back();
    user.set_user_id(static_cast<int>(users_.size()));
    user.set_name(request.name());
    user.set_email(request.email());
    user.set_age(request.age());
    user.set_created_at(created_at);
    return user;
  }

  std::shared_mutex lock_;
  std::deque<UserResponse> users_;
  std::shared_mutex room_lock_;
  std::set<std::shared_ptr<Member>> room_;
};

int main(int, char** arguments) {
  Users users;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + arguments[1], grpc::InsecureServerCredentials());
  builder.RegisterService(&users);
  builder.BuildAndStart()->Wait();
}
