// A gNMI switch on loopback for tests: a gNMI server that nobody here wrote,
// with TLS and a login in front of it, and a witness and saboteur between the
// two (see faults.go). It belongs to whoever holds the other end of its
// standard input, and ends with it. tests/peers/gnmi starts it and says how.
package main

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

var (
	dir      = flag.String("dir", "", "folder for everything this switch has")
	kind     = flag.String("kind", "", "lemming or gnxi")
	port     = flag.Int("port", 0, "0: the kernel chooses")
	ports    = flag.Int("ports", 16, "how many Ethernet ports it has")
	instance = flag.String("instance", "", "name of the default network instance")
	useTLS   = flag.Bool("tls", true, "false: plaintext")
	mutual   = flag.Bool("mutual", false, "ask for the client's certificate too")
	login    = flag.Bool("login", true, "ask for the user name and the password")
	without  = flag.String("without", "", "RPCs it does not have, with commas between")
)

const (
	username = "mercury"
	target   = "leaf" // what the switch calls itself in prefix.target
)

var password string

func main() {
	flag.Parse()
	answers, complaints := os.Stdout, os.Stderr
	if err := run(answers); err != nil {
		fmt.Fprintln(complaints, "gnmi:", err)
		os.Exit(1)
	}
}

func run(answers io.Writer) error {
	if err := claim(); err != nil {
		return err
	}
	saboteur, err := newSaboteur(*dir)
	if err != nil {
		return err
	}
	if password, err = secret(filepath.Join(*dir, "password")); err != nil {
		return err
	}
	facts := map[string]any{
		"kind": *kind, "host": "127.0.0.1", "target": target, "pid": os.Getpid(), "dir": *dir, "tls": *useTLS,
		"login": *login, "username": username, "password": password, "network_instance": *instance,
	}
	device, streams, err := newDevice()
	if err != nil {
		return err
	}
	options := []grpc.ServerOption{
		grpc.UnaryInterceptor(saboteur.unary),
		grpc.ChainStreamInterceptor(append([]grpc.StreamServerInterceptor{saboteur.stream}, streams...)...),
	}
	if *useTLS {
		secure, err := transport(facts)
		if err != nil {
			return err
		}
		options = append(options, grpc.Creds(secure))
	}
	server := grpc.NewServer(options...)
	if err := device(server); err != nil {
		return err
	}
	// Listening comes last: nobody is answered before the start configuration
	// is there.
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		return err
	}
	facts["port"] = listener.Addr().(*net.TCPAddr).Port
	line, err := json.Marshal(facts)
	if err != nil {
		return err
	}
	if err := publish(filepath.Join(*dir, "switch.json"), line); err != nil {
		return err
	}
	fmt.Fprintf(answers, "%s\n", line)
	go endWithOwner()
	return server.Serve(saboteur.watch(listener))
}

// claim makes the folder this switch's own, and sends what the servers print
// into it: standard output is for our one line.
func claim() error {
	lock, err := os.OpenFile(filepath.Join(*dir, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	// Never closed: the lock ends with the process.
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return fmt.Errorf("a switch runs in %s already", *dir)
	}
	for _, old := range []string{"switch.json", "calls.log", "fault", "fault.fired", "held", "release"} {
		os.Remove(filepath.Join(*dir, old))
	}
	log, err := os.Create(filepath.Join(*dir, "switch.log"))
	if err != nil {
		return err
	}
	os.Stdout, os.Stderr = log, log
	return flag.Set("logtostderr", "true") // glog: no files of its own
}

func endWithOwner() {
	over := make(chan os.Signal, 1)
	signal.Notify(over, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		over <- syscall.SIGHUP
	}()
	<-over
	os.Exit(0)
}

// secret is what the file holds, or something new in it. Like the certificates
// it stays: a switch that starts again on its old port is the same switch.
func secret(path string) (string, error) {
	if known, err := os.ReadFile(path); err == nil && len(known) > 0 {
		return string(known), nil
	}
	made := rand.Text()
	return made, os.WriteFile(path, []byte(made), 0o600)
}

// Whoever sees the file sees all of it.
func publish(path string, line []byte) error {
	if err := os.WriteFile(path+".new", append(line, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// transport is TLS with the folder's certificates, which facts then name.
func transport(facts map[string]any) (credentials.TransportCredentials, error) {
	paths, err := certificates(*dir)
	if err != nil {
		return nil, err
	}
	own, err := tls.LoadX509KeyPair(paths["cert"], paths["key"])
	if err != nil {
		return nil, err
	}
	settings := &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}
	if *mutual {
		pem, err := os.ReadFile(paths["ca"])
		if err != nil {
			return nil, err
		}
		settings.ClientCAs = x509.NewCertPool()
		settings.ClientCAs.AppendCertsFromPEM(pem)
		settings.ClientAuth = tls.RequireAndVerifyClientCert
	}
	for name, path := range paths {
		facts[name] = path
	}
	sum := sha256.Sum256(own.Certificate[0])
	facts["fingerprint"] = hex.EncodeToString(sum[:])
	facts["mutual"] = *mutual
	return credentials.NewTLS(settings), nil
}
