// Calls Mercury as programs in Go do: net/http, and github.com/icholy/digest for
// what that has not.
//
//	caller [-digest] [-basic] [-user NAME] [-ca FILE] [-cert FILE -key FILE] [-times N] URL
//
// The password comes in MERCURY_PASSWORD. Standard output is a JSON list of the statuses.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/icholy/digest"
)

const body = `{"jsonrpc": "2.0", "id": 1, "method": "reset_port",
	"params": {"switch_id": "nowhere", "port_name": "Ethernet1", "native_vlan": 1}}`

func main() {
	log.SetFlags(0)
	useDigest := flag.Bool("digest", false, "log in with HTTP Digest")
	useBasic := flag.Bool("basic", false, "log in with HTTP Basic")
	user := flag.String("user", "", "who logs in")
	ca := flag.String("ca", "", "who has signed the certificate of the service")
	cert := flag.String("cert", "", "a certificate of one's own")
	key := flag.String("key", "", "its key")
	times := flag.Int("times", 1, "how many requests")
	flag.Parse()
	password := os.Getenv("MERCURY_PASSWORD")

	transport := &http.Transport{TLSClientConfig: trust(*ca, *cert, *key)}
	client := &http.Client{Transport: transport}
	if *useDigest {
		client.Transport = &digest.Transport{Username: *user, Password: password, Transport: transport}
	}
	statuses := []int{}
	for range *times {
		request, err := http.NewRequest(http.MethodPost, flag.Arg(0), strings.NewReader(body))
		check(err)
		request.Header.Set("Content-Type", "application/json")
		if *useBasic {
			request.SetBasicAuth(*user, password)
		}
		response, err := client.Do(request)
		check(err)
		_, err = io.Copy(io.Discard, response.Body)
		check(err)
		check(response.Body.Close())
		statuses = append(statuses, response.StatusCode)
	}
	check(json.NewEncoder(os.Stdout).Encode(statuses))
}

func trust(ca, cert, key string) *tls.Config {
	config := &tls.Config{}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		check(err)
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(pem)
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		check(err)
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
