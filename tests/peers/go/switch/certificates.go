package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certificates makes, where they are missing, an authority, the switch's
// certificate and a client's, and says where they are.
func certificates(dir string) (map[string]string, error) {
	paths := map[string]string{}
	for name, file := range map[string]string{
		"ca": "ca.pem", "cert": "cert.pem", "key": "key.pem",
		"client_cert": "client.pem", "client_key": "client-key.pem",
	} {
		paths[name] = filepath.Join(dir, file)
	}
	if _, err := os.Stat(paths["ca"]); err == nil {
		return paths, nil
	}
	authority, authorityKey, err := issue(template("Mercury test authority"), nil, nil)
	if err != nil {
		return nil, err
	}
	server := template("Mercury test switch")
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames = []string{"localhost", target}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	client := template(username)
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	for _, one := range []struct {
		what      *x509.Certificate
		cert, key string
	}{{server, "cert", "key"}, {client, "client_cert", "client_key"}} {
		made, key, err := issue(one.what, authority, authorityKey)
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, err
		}
		if err := write(paths[one.cert], "CERTIFICATE", made.Raw, 0o644); err != nil {
			return nil, err
		}
		if err := write(paths[one.key], "PRIVATE KEY", der, 0o600); err != nil {
			return nil, err
		}
	}
	// The authority comes last: with it, all are there.
	return paths, write(paths["ca"], "CERTIFICATE", authority.Raw, 0o644)
}

func template(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
}

// issue signs what by the authority, or, without one, makes it an authority.
func issue(what, authority *x509.Certificate, authorityKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if what.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return nil, nil, err
	}
	if authority == nil {
		what.IsCA, what.KeyUsage = true, x509.KeyUsageCertSign
		authority, authorityKey = what, key
	}
	der, err := x509.CreateCertificate(rand.Reader, what, authority, &key.PublicKey, authorityKey)
	if err != nil {
		return nil, nil, err
	}
	made, err := x509.ParseCertificate(der)
	return made, key, err
}

func write(path, what string, der []byte, mode os.FileMode) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: what, Bytes: der}), mode)
}
