package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

const pause = 5 * time.Millisecond // between two looks at a state of the world

// saboteur sees every RPC between gRPC and the device, writes it down, asks for
// the login, and does what DIR/fault says. The files are those of ./gnmi's
// description.
type saboteur struct {
	dir string
	log *os.File

	mu          sync.Mutex
	calls       int
	connections map[string]*connection // by the client's address

	mark faultMark // which file the counting below belongs to
	seen int
}

type connection struct {
	net.Conn
	number int
}

type faultMark struct {
	inode uint64
	time  syscall.Timespec
}

type fault struct {
	Method string `json:"method"`
	Nth    int    `json:"nth"`
	Moment string `json:"moment"`
	Action string `json:"action"`
	Pid    int    `json:"pid"`
}

func newSaboteur(dir string) (*saboteur, error) {
	log, err := os.OpenFile(filepath.Join(dir, "calls.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	return &saboteur{dir: dir, log: log, connections: map[string]*connection{}}, err
}

func (s *saboteur) at(name string) string { return filepath.Join(s.dir, name) }

// --- connections --------------------------------------------------------------

type listener struct {
	net.Listener
	s     *saboteur
	count int
}

func (s *saboteur) watch(inner net.Listener) net.Listener { return &listener{Listener: inner, s: s} }

func (l *listener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.count++
	c := &connection{raw, l.count}
	l.s.mu.Lock()
	l.s.connections[raw.RemoteAddr().String()] = c
	l.s.mu.Unlock()
	return c, nil
}

func (s *saboteur) connection(ctx context.Context) *connection {
	from, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections[from.Addr.String()]
}

// drop breaks the TCP connection with a reset, so that nothing more is sent.
func (c *connection) drop() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Conn.Close()
}

// --- RPCs -----------------------------------------------------------------------

func (s *saboteur) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	method := short(info.FullMethod)
	due := s.note(ctx, method, request.(proto.Message))
	if err := s.admit(ctx, method); err != nil {
		return nil, err
	}
	if err := s.fire(ctx, due, "before"); err != nil {
		return nil, err
	}
	answer, failure := handler(ctx, request)
	if err := s.fire(ctx, due, "after"); err != nil {
		return nil, err
	}
	s.delay()
	return answer, failure
}

func (s *saboteur) stream(server any, inner grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	method := short(info.FullMethod)
	ctx := inner.Context()
	if err := s.admit(ctx, method); err != nil {
		s.note(ctx, method, nil)
		return err
	}
	return handler(server, &stream{ServerStream: inner, s: s, method: method})
}

// stream is one Subscribe: its first request is what is counted and written
// down, and its first answer is what "after" keeps back.
type stream struct {
	grpc.ServerStream
	s      *saboteur
	method string
	begun  bool
	sent   int
	due    *fault
}

func (w *stream) RecvMsg(message any) error {
	if err := w.ServerStream.RecvMsg(message); err != nil || w.begun {
		return err
	}
	w.begun = true
	w.due = w.s.note(w.Context(), w.method, message.(proto.Message))
	return w.s.fire(w.Context(), w.due, "before")
}

func (w *stream) SendMsg(message any) error {
	moment := ""
	switch w.sent {
	case 0:
		moment = "after"
		w.s.delay()
	case 1:
		moment = "middle"
	}
	w.sent++
	if moment != "" {
		if err := w.s.fire(w.Context(), w.due, moment); err != nil {
			return err
		}
	}
	return w.ServerStream.SendMsg(message)
}

func short(method string) string { return method[strings.LastIndex(method, "/")+1:] }

// admit says what a device says that does not have the RPC or does not know the
// caller.
func (s *saboteur) admit(ctx context.Context, method string) error {
	for _, name := range strings.Split(*without, ",") {
		if name == method {
			return status.Errorf(codes.Unimplemented, "%s is not implemented", method)
		}
	}
	if !*login {
		return nil
	}
	given, _ := metadata.FromIncomingContext(ctx)
	if !only(given.Get("username"), username) || !only(given.Get("password"), password) {
		return status.Error(codes.Unauthenticated, "wrong user name or password")
	}
	return nil
}

func only(values []string, want string) bool { return len(values) == 1 && values[0] == want }

// note writes the call down, and gives the fault that is due at it, if one is.
func (s *saboteur) note(ctx context.Context, method string, request proto.Message) *fault {
	c := s.connection(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	line := map[string]any{"call": s.calls, "method": method}
	if c != nil {
		line["connection"], line["peer"] = c.number, c.RemoteAddr().String()
	}
	if request != nil {
		line["bytes"] = proto.Size(request)
		line["request"] = prototext.MarshalOptions{}.Format(request)
	}
	if text, err := json.Marshal(line); err == nil {
		s.log.Write(append(text, '\n'))
	}
	armed := s.armed()
	if armed == nil || armed.Method != method {
		return nil
	}
	if s.seen++; s.seen != max(armed.Nth, 1) {
		return nil
	}
	return armed
}

// --- faults -----------------------------------------------------------------------

// armed reads DIR/fault; calls are counted from when the file came.
func (s *saboteur) armed() *fault {
	info, err := os.Stat(s.at("fault"))
	if err != nil {
		return nil
	}
	text, err := os.ReadFile(s.at("fault"))
	if err != nil {
		return nil
	}
	spec := &fault{}
	if json.Unmarshal(text, spec) != nil {
		return nil // half written: look again next time
	}
	raw := info.Sys().(*syscall.Stat_t)
	if mark := (faultMark{raw.Ino, raw.Mtim}); mark != s.mark {
		s.mark, s.seen = mark, 0
	}
	return spec
}

// fire does what is due at this moment. An error is what the caller is told
// instead of the answer.
func (s *saboteur) fire(ctx context.Context, due *fault, moment string) error {
	if due == nil || due.Moment != moment {
		return nil
	}
	if os.Rename(s.at("fault"), s.at("fault.fired")) != nil {
		return nil // it was taken away
	}
	action, argument, _ := strings.Cut(due.Action, ":")
	switch action {
	case "error":
		return status.Error(code(argument), "the fault that was asked for")
	case "drop":
		return s.drop(ctx)
	case "hold", "hang":
		// Nothing of the caller's is looked at meanwhile: what it gave up waiting
		// for happens all the same, later.
		os.WriteFile(s.at("held"), nil, 0o644)
		for !exists(s.at("release")) {
			time.Sleep(pause)
		}
	case "delay":
		milliseconds, _ := strconv.Atoi(argument)
		time.Sleep(time.Duration(milliseconds) * time.Millisecond)
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "kill-pid":
		syscall.Kill(due.Pid, syscall.SIGKILL)
		for lives(due.Pid) {
			time.Sleep(pause)
		}
		return s.drop(ctx)
	default:
		return status.Errorf(codes.Internal, "there is no fault %q", due.Action)
	}
	return nil
}

func (s *saboteur) drop(ctx context.Context) error {
	if c := s.connection(ctx); c != nil {
		c.drop()
	}
	return status.Error(codes.Unavailable, "the connection was dropped")
}

// delay gives a round trip the price it has on a real network: DIR/delay holds
// milliseconds.
func (s *saboteur) delay() {
	text, err := os.ReadFile(s.at("delay"))
	if err != nil {
		return
	}
	if milliseconds, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64); err == nil {
		time.Sleep(time.Duration(milliseconds * float64(time.Millisecond)))
	}
}

func code(name string) codes.Code {
	var c codes.Code
	if c.UnmarshalJSON([]byte(fmt.Sprintf("%q", name))) != nil {
		return codes.Unknown
	}
	return c
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

func lives(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text[strings.LastIndex(string(text), ")")+1:]), " ")
	return !strings.HasPrefix(rest, "Z")
}
