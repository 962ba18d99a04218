// A stock Go client; caller.py has its arguments and what it does.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	pb "userservice/proto"
)

var (
	alice  = &pb.GetUserRequest{UserId: 1}
	ok     int64
	lock   sync.Mutex
	failed = map[string]int{}
	odds   = map[string]map[string]int{}
)

func endOf(err error) string {
	found := status.Convert(err)
	if found.Code() == codes.OK {
		return "OK"
	}
	return found.Code().String() + ": " + found.Message()
}

func fail(how string) {
	lock.Lock()
	defer lock.Unlock()
	failed[how]++
}

// get makes a GetUser that is cancelled after a while, or not at all when it is negative.
func get(client pb.UserServiceClient, while time.Duration) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if while >= 0 {
		go func() {
			time.Sleep(while)
			cancel()
		}()
	}
	_, err := client.GetUser(ctx, alice)
	return err
}

var oddCalls = []struct {
	name string
	call func(*grpc.ClientConn, pb.UserServiceClient) error
}{
	{"space", func(_ *grpc.ClientConn, client pb.UserServiceClient) error {
		_, err := client.GetUser(metadata.AppendToOutgoingContext(context.Background(), "a", " b", "c", "d "), alice)
		return err
	}},
	{"cancelled", func(_ *grpc.ClientConn, client pb.UserServiceClient) error { return get(client, 0) }},
	{"cancelled soon", func(_ *grpc.ClientConn, client pb.UserServiceClient) error { return get(client, 200*time.Microsecond) }},
	{"half-closed and cancelled", func(_ *grpc.ClientConn, client pb.UserServiceClient) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		chat, err := client.StreamUsers(ctx)
		if err != nil {
			return err
		}
		chat.Send(&pb.UserMessage{UserId: 1, Message: "odd"})
		chat.CloseSend()
		cancel()
		for err == nil {
			_, err = chat.Recv()
		}
		return err
	}},
	{"deadline of 1 ms", func(_ *grpc.ClientConn, client pb.UserServiceClient) error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_, err := client.GetUser(ctx, alice)
		return err
	}},
	{"unknown method", func(conn *grpc.ClientConn, _ pb.UserServiceClient) error {
		return conn.Invoke(context.Background(), "/users.v1.UserService/Nothing", alice, &pb.UserResponse{})
	}},
}

func number(i int) int {
	n, err := strconv.Atoi(os.Args[i])
	if err != nil {
		log.Fatal(err)
	}
	return n
}

func run(channel, calls, atOnce, every int) {
	security := grpc.WithInsecure()
	if len(os.Args) > 7 {
		tls, err := credentials.NewClientTLSFromFile(os.Args[7], "localhost")
		if err != nil {
			log.Fatal(err)
		}
		security = grpc.WithTransportCredentials(tls)
	}
	conn, err := grpc.Dial(os.Args[1], security)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	client := pb.NewUserServiceClient(conn)
	chat, err := client.StreamUsers(context.Background())
	if err == nil {
		chat.Send(&pb.UserMessage{UserId: 1, Message: "I am here"})
		_, err = chat.Recv()
	}
	if err != nil {
		fail("chat, " + endOf(err))
		return
	}
	batch, err := client.BatchCreateUsers(context.Background())
	user := func(i int) *pb.CreateUserRequest {
		return &pb.CreateUserRequest{Name: "A", Email: fmt.Sprintf("%s.%d.%d@example.com", os.Args[6], channel, i)}
	}
	if err == nil {
		batch.Send(user(0))
	}

	var good, odd sync.WaitGroup
	free := make(chan bool, atOnce)
	for i := 0; i < calls; i++ {
		free <- true
		good.Add(1)
		go func() {
			defer good.Done()
			if err := get(client, -1); err != nil {
				fail(endOf(err))
			} else {
				atomic.AddInt64(&ok, 1)
			}
			<-free
		}()
		if every > 0 && i%every == 0 {
			one := oddCalls[i/every%len(oddCalls)]
			odd.Add(1)
			go func() {
				defer odd.Done()
				how := endOf(one.call(conn, client))
				lock.Lock()
				defer lock.Unlock()
				if odds[one.name] == nil {
					odds[one.name] = map[string]int{}
				}
				odds[one.name][how]++
			}()
		}
	}
	good.Wait()
	odd.Wait()
	if batch != nil {
		batch.Send(user(1))
		_, err = batch.CloseAndRecv()
	}
	if err != nil {
		fail("batch, " + endOf(err))
	}
	chat.CloseSend()
	for err = nil; err == nil; {
		_, err = chat.Recv()
	}
	if err != io.EOF {
		fail("chat, " + endOf(err))
	}
}

func main() {
	began := time.Now()
	channels := number(4)
	for i := 0; i < channels; i++ {
		run(i, number(2)/channels, number(3), number(5))
	}
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"ok": ok, "failed": failed, "odd": odds, "seconds": time.Since(began).Seconds(),
	})
}
