#!/bin/bash
# ygot v0.31.0, ygot.Diff: the gNMI changes that lead from one configuration to another,
# for a leaf-list that loses a value, as trunk-vlans does when a VLAN leaves a trunk.
# Guess: what Diff gives can be sent as a Set, and the value is gone.
# Seen: there is no delete and no replace in it, only an update with the values that
# stay. To a leaf-list an update adds: OpenConfig's own conformance test gNMI-1.24 (in
# featureprofiles) fails a target where it does not. On such a switch the Set is OK and
# changes nothing, and the VLAN stays on the trunk. In ygot's own ytypes, with which
# OpenConfig's lemming applies a Set, the same update replaces the values: a test
# against that passes. A list that is empty, not nil, becomes an update with no value,
# which ytypes refuses.
# So: turn each leaf-list of a Diff into a replace, or a delete where it is empty.
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
)

// Without it two modules of the list that tidy makes hold one package.
require google.golang.org/genproto v0.0.0-20251029180050-ab9386a59fda // indirect
MOD

cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/google/gnxi/gnmi/modeldata/gostruct"
	pb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/ygot/ygot"
	"github.com/openconfig/ygot/ytypes"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

// device has the values in the leaf-list /system/dns/config/search.
func device(values ...string) *gostruct.Device {
	root := &gostruct.Device{}
	ygot.BuildEmptyTree(root)
	root.System.Dns.Config.Search = values
	return root
}

func main() {
	for _, intended := range [][]string{{"a", "b", "c"}, {"a"}, {"c"}, {}} {
		fmt.Printf("from [a b] to %v\n", intended)
		changes := must(ygot.Diff(device("a", "b"), device(intended...)))
		for _, update := range changes.Update {
			values := []string{}
			for _, value := range update.Val.GetLeaflistVal().GetElement() {
				values = append(values, value.GetStringVal())
			}
			fmt.Printf("  update %s %v\n", must(ygot.PathToString(update.Path)), values)
		}
		for _, path := range changes.Delete {
			fmt.Printf("  delete %s\n", must(ygot.PathToString(path)))
		}
		root := device("a", "b")
		schema := &ytypes.Schema{Root: root, SchemaTree: gostruct.SchemaTree, Unmarshal: gostruct.Unmarshal}
		set := &pb.SetRequest{Delete: changes.Delete, Update: changes.Update}
		if ytypes.UnmarshalSetRequest(schema, set) != nil {
			fmt.Println("  ytypes: refused")
		} else {
			fmt.Printf("  ytypes: %v\n", root.System.Dns.Config.Search)
		}
	}
}
GO

go mod tidy > tidy.log 2>&1 || { cat tidy.log >&2; exit 1; }
go run . > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
from [a b] to [a b c]
  update /system/dns/config/search [a b c]
  ytypes: [a b c]
from [a b] to [a]
  update /system/dns/config/search [a]
  ytypes: [a]
from [a b] to [c]
  update /system/dns/config/search [c]
  ytypes: [c]
from [a b] to []
  update /system/dns/config/search []
  ytypes: refused
SEEN
echo "seen: a value that goes is no part of what Diff would send"
