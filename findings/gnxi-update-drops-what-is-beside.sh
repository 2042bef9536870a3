#!/bin/bash
# gnxi's gNMI target (github.com/google/gnxi v0.0.0-20231031154548-557d8e211020): a
# Set with one `update` of a container. gNMI specification, section 3.4.4: what the
# value of an update does not name stays as it is. Guess: an update never deletes.
# Seen: that holds for the leaves of the very container that the path names. Of a
# container inside the value, what the value does not name is gone, and the answer is
# OK with operation UPDATE: `update /system {"config": {"hostname": "leaf2"}}` takes
# domain-name away (and keeps the clock); `update /system/config {"login-banner": …}`
# keeps hostname.
# So: name the innermost container or the leaf in the path of an update, and read back.
#
# Needs Go 1.24 or newer with its module proxy, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"

cat > go.mod <<'MOD'
module probe

go 1.24.0

require (
	github.com/google/gnxi v0.0.0-20231031154548-557d8e211020
	github.com/openconfig/gnmi v0.14.1
	github.com/openconfig/ygot v0.31.0
	google.golang.org/grpc v1.78.0
)

// Without it two modules of the list that tidy makes hold one package.
require google.golang.org/genproto v0.0.0-20251029180050-ab9386a59fda // indirect
MOD

cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"reflect"

	"github.com/google/gnxi/gnmi"
	"github.com/google/gnxi/gnmi/modeldata"
	"github.com/google/gnxi/gnmi/modeldata/gostruct"
	pb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const running = `{"system": {
  "config": {"hostname": "leaf1", "domain-name": "example.net"},
  "clock": {"config": {"timezone-name": "Europe/Berlin"}}}}`

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	model := gnmi.NewModel(modeldata.ModelData, reflect.TypeOf((*gostruct.Device)(nil)),
		gostruct.SchemaTree["Device"], gostruct.Unmarshal, gostruct.ΛEnum)
	target := must(gnmi.NewServer(model, []byte(running), nil))
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	server := grpc.NewServer()
	pb.RegisterGNMIServer(server, target)
	go server.Serve(listener)
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	client := pb.NewGNMIClient(must(grpc.NewClient(listener.Addr().String(), plain)))

	get := func() {
		path := must(ygot.StringToStructuredPath("/system"))
		reply := must(client.Get(context.Background(),
			&pb.GetRequest{Path: []*pb.Path{path}, Encoding: pb.Encoding_JSON_IETF}))
		fmt.Printf("get %s\n", reply.Notification[0].Update[0].Val.GetJsonIetfVal())
	}
	update := func(at, value string) {
		path := must(ygot.StringToStructuredPath(at))
		typed := &pb.TypedValue{Value: &pb.TypedValue_JsonIetfVal{JsonIetfVal: []byte(value)}}
		reply := must(client.Set(context.Background(),
			&pb.SetRequest{Update: []*pb.Update{{Path: path, Val: typed}}}))
		fmt.Printf("%s %s %s\n", reply.Response[0].Op, at, value)
		get()
	}
	get()
	update("/system/config", `{"login-banner": "hello"}`)
	update("/system", `{"config": {"hostname": "leaf2"}}`)
}
GO

go mod tidy > tidy.log 2>&1 || { cat tidy.log >&2; exit 1; }
go run . > seen.txt
cat seen.txt
sed 's/openconfig-system://g' seen.txt > bare.txt
diff - bare.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
get {"clock":{"config":{"timezone-name":"Europe/Berlin"}},"config":{"domain-name":"example.net","hostname":"leaf1"}}
UPDATE /system/config {"login-banner": "hello"}
get {"clock":{"config":{"timezone-name":"Europe/Berlin"}},"config":{"domain-name":"example.net","hostname":"leaf1","login-banner":"hello"}}
UPDATE /system {"config": {"hostname": "leaf2"}}
get {"clock":{"config":{"timezone-name":"Europe/Berlin"}},"config":{"hostname":"leaf2"}}
SEEN
echo "seen: an update of a container replaces the containers inside its value"
