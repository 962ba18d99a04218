// The five RPCs on grpc-go, as its own examples have them. Takes a port.
package main

import (
	"context"
	"io"
	"log"
	"net"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	pb "userservice/proto"
)

// The most messages that wait for one reader of the chat.
const chatQueue = 1024

type server struct {
	pb.UnimplementedUserServiceServer
	lock  sync.RWMutex
	users []*pb.UserResponse
	chat  sync.RWMutex
	room  map[chan *pb.UserMessage]bool
}

func now() string {
	return time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
}

// put adds a user; the lock is held.
func (s *server) put(request *pb.CreateUserRequest, createdAt string) *pb.UserResponse {
	user := &pb.UserResponse{
		UserId:    int32(len(s.users) + 1),
		Name:      request.Name,
		Email:     request.Email,
		Age:       request.Age,
		CreatedAt: createdAt,
	}
	s.users = append(s.users, user)
	return user
}

// all returns those who are there now: what is appended later is not in it.
func (s *server) all() []*pb.UserResponse {
	s.lock.RLock()
	defer s.lock.RUnlock()
	return s.users
}

func (s *server) GetUser(_ context.Context, request *pb.GetUserRequest) (*pb.UserResponse, error) {
	users := s.all()
	if request.UserId < 1 || int(request.UserId) > len(users) {
		return nil, status.Error(codes.NotFound, "unknown id")
	}
	return users[request.UserId-1], nil
}

func (s *server) CreateUser(_ context.Context, request *pb.CreateUserRequest) (*pb.UserResponse, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.put(request, now()), nil
}

func (s *server) ListUsers(request *pb.ListUsersRequest, stream pb.UserService_ListUsersServer) error {
	users := s.all()
	if after := int(request.AfterUserId); after < len(users) {
		users = users[after:]
	} else {
		users = nil
	}
	if limit := int(request.Limit); limit > 0 && limit < len(users) {
		users = users[:limit]
	}
	for _, user := range users {
		if err := stream.Send(user); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) BatchCreateUsers(stream pb.UserService_BatchCreateUsersServer) error {
	var batch []*pb.CreateUserRequest
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		batch = append(batch, request)
	}
	response := &pb.BatchCreateResponse{UsersCreated: int32(len(batch))}
	s.lock.Lock()
	createdAt := now()
	for _, request := range batch {
		response.UserIds = append(response.UserIds, s.put(request, createdAt).UserId)
	}
	s.lock.Unlock()
	return stream.SendAndClose(response)
}

func (s *server) StreamUsers(stream pb.UserService_StreamUsersServer) error {
	heard := make(chan *pb.UserMessage, chatQueue)
	s.chat.Lock()
	s.room[heard] = true
	s.chat.Unlock()
	sent := make(chan error, 1)
	go func() {
		var err error
		for message := range heard {
			if err == nil {
				err = stream.Send(message)
			}
		}
		sent <- err
	}()
	err := s.listen(stream, heard)
	s.chat.Lock()
	delete(s.room, heard)
	s.chat.Unlock()
	close(heard)
	if failure := <-sent; failure != nil {
		return failure
	}
	return err
}

func (s *server) listen(stream pb.UserService_StreamUsersServer, heard chan *pb.UserMessage) error {
	for {
		message, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		saidAt := now()
		heard <- &pb.UserMessage{Message: "Server received: " + message.Message, Timestamp: saidAt}
		message.Timestamp = saidAt
		s.chat.RLock()
		for other := range s.room {
			if other != heard {
				other <- message
			}
		}
		s.chat.RUnlock()
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	users := &server{room: map[chan *pb.UserMessage]bool{}}
	for _, sample := range []*pb.CreateUserRequest{
		{Name: "Alice Johnson", Email: "alice@example.com", Age: 28},
		{Name: "Bob Smith", Email: "bob@example.com", Age: 35},
		{Name: "Charlie Brown", Email: "charlie@example.com", Age: 42},
		{Name: "Diana Prince", Email: "diana@example.com", Age: 30},
		{Name: "Eve Wilson", Email: "eve@example.com", Age: 25},
	} {
		users.put(sample, "2025-10-29T10:00:00Z")
	}
	service := grpc.NewServer()
	pb.RegisterUserServiceServer(service, users)
	log.Fatal(service.Serve(listener))
}
