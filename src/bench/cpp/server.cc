// The five RPCs on the callback API of gRPC C++, as its own examples have them. Takes a port.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <deque>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "user_service.grpc.pb.h"

using namespace users::v1;
using grpc::CallbackServerContext;
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

class Users final : public UserService::CallbackService {
 public:
  Users() {
    Sample("Alice Johnson", "alice@example.com", 28);
    Sample("Bob Smith", "bob@example.com", 35);
    Sample("Charlie Brown", "charlie@example.com", 42);
    Sample("Diana Prince", "diana@example.com", 30);
    Sample("Eve Wilson", "eve@example.com", 25);
  }

  grpc::ServerUnaryReactor* GetUser(CallbackServerContext* context, const GetUserRequest* request,
                                    UserResponse* response) override {
    auto* call = context->DefaultReactor();
    const UserResponse* user = request->user_id() < 1 ? nullptr : At(request->user_id() - 1);
    if (user == nullptr) {
      call->Finish(Status(grpc::StatusCode::NOT_FOUND, "unknown id"));
    } else {
      *response = *user;
      call->Finish(Status::OK);
    }
    return call;
  }

  grpc::ServerUnaryReactor* CreateUser(CallbackServerContext* context, const CreateUserRequest* request,
                                       UserResponse* response) override {
    auto* call = context->DefaultReactor();
    {
      std::unique_lock<std::shared_mutex> writing(lock_);
      *response = Put(*request, Now());
    }
    call->Finish(Status::OK);
    return call;
  }

  grpc::ServerWriteReactor<UserResponse>* ListUsers(CallbackServerContext*, const ListUsersRequest* request) override {
    size_t first = request->after_user_id();
    size_t end;
    {
      std::shared_lock<std::shared_mutex> reading(lock_);
      end = users_.size();
    }
    if (request->limit() > 0) {
      end = std::min(end, first + request->limit());
    }
    return new List(*this, first, end);
  }

  grpc::ServerReadReactor<CreateUserRequest>* BatchCreateUsers(CallbackServerContext*,
                                                               BatchCreateResponse* response) override {
    return new Batch(*this, response);
  }

  grpc::ServerBidiReactor<UserMessage, UserMessage>* StreamUsers(CallbackServerContext*) override {
    return new Member(*this);
  }

 private:
  class List final : public grpc::ServerWriteReactor<UserResponse> {
   public:
    List(Users& users, size_t next, size_t end) : users_(users), next_(next), end_(end) { Next(); }

    void OnWriteDone(bool ok) override {
      if (ok) {
        Next();
      } else {
        Finish(Status::OK);
      }
    }

    void OnDone() override { delete this; }

   private:
    void Next() {
      if (next_ < end_) {
        StartWrite(users_.At(next_++));
      } else {
        Finish(Status::OK);
      }
    }

    Users& users_;
    size_t next_;
    size_t end_;
  };

  class Batch final : public grpc::ServerReadReactor<CreateUserRequest> {
   public:
    Batch(Users& users, BatchCreateResponse* response) : users_(users), response_(response) { StartRead(&request_); }

    void OnReadDone(bool ok) override {
      if (ok) {
        batch_.push_back(request_);
        StartRead(&request_);
        return;
      }
      {
        std::unique_lock<std::shared_mutex> writing(users_.lock_);
        std::string now = Now();
        for (const CreateUserRequest& request : batch_) {
          response_->add_user_ids(users_.Put(request, now).user_id());
        }
      }
      response_->set_users_created(static_cast<int>(batch_.size()));
      Finish(Status::OK);
    }

    void OnDone() override { delete this; }

   private:
    Users& users_;
    BatchCreateResponse* response_;
    CreateUserRequest request_;
    std::vector<CreateUserRequest> batch_;
  };

  // One open chat: a stream takes one write at a time, the others wait.
  class Member final : public grpc::ServerBidiReactor<UserMessage, UserMessage> {
   public:
    explicit Member(Users& users) : users_(users) {
      {
        std::unique_lock<std::shared_mutex> writing(users_.room_lock_);
        users_.room_.insert(this);
      }
      StartRead(&message_);
    }

    void OnReadDone(bool ok) override {
      if (!ok) {
        {
          std::unique_lock<std::shared_mutex> writing(users_.room_lock_);
          users_.room_.erase(this);
        }
        std::unique_lock<std::mutex> one(writing_);
        ended_ = true;
        FinishIfDone(one);
        return;
      }
      std::string now = Now();
      UserMessage answer;
      answer.set_message("Server received: " + message_.message());
      answer.set_timestamp(now);
      Hear(answer);
      message_.set_timestamp(now);
      {
        // Held while they are written to, so that no stream ends meanwhile.
        std::shared_lock<std::shared_mutex> reading(users_.room_lock_);
        for (Member* other : users_.room_) {
          if (other != this) {
            other->Hear(message_);
          }
        }
      }
      StartRead(&message_);
    }

    void OnWriteDone(bool ok) override {
      std::unique_lock<std::mutex> one(writing_);
      waiting_.pop_front();
      if (ok && !waiting_.empty()) {
        StartWrite(&waiting_.front());
      } else {
        waiting_.clear();
        FinishIfDone(one);
      }
    }

    void OnDone() override { delete this; }

   private:
    void Hear(const UserMessage& message) {
      std::lock_guard<std::mutex> one(writing_);
      waiting_.push_back(message);
      if (waiting_.size() == 1) {
        StartWrite(&waiting_.front());
      }
    }

    void FinishIfDone(std::unique_lock<std::mutex>& one) {
      if (ended_ && waiting_.empty() && !finished_) {
        finished_ = true;
        one.unlock();
        Finish(Status::OK);
      }
    }

    Users& users_;
    UserMessage message_;
    std::mutex writing_;
    std::deque<UserMessage> waiting_;
    bool ended_ = false;
    bool finished_ = false;
  };

  // A deque does not move what is in it.
  const UserResponse* At(size_t index) {
    std::shared_lock<std::shared_mutex> reading(lock_);
    return index < users_.size() ? &users_[index] : nullptr;
  }

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
  std::set<Member*> room_;
};

int main(int, char** arguments) {
  Users users;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + arguments[1], grpc::InsecureServerCredentials());
  builder.RegisterService(&users);
  builder.BuildAndStart()->Wait();
}
