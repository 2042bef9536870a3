package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	gnxi "github.com/google/gnxi/gnmi"
	lemming "github.com/openconfig/lemming/gnmi"
	"google.golang.org/grpc"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	// Made by tests/peers/install from yang/modules.
	"mercury.test/peers/oc"
)

// newDevice gives what puts the chosen server into gRPC, and what that server
// wants to have in front of its streams.
func newDevice() (func(*grpc.Server) error, []grpc.StreamServerInterceptor, error) {
	switch *kind {
	case "lemming":
		front := lemming.NewSubscribeTargetUpdateInterceptor(target)
		return startLemming, []grpc.StreamServerInterceptor{front}, nil
	case "gnxi":
		return startGnxi, nil, nil
	}
	return nil, nil, fmt.Errorf("a switch is lemming or gnxi, not %q", *kind)
}

// lemming starts empty and takes its start configuration as any other. It knows
// no path that ends at the container around a list, so it is given all at the
// root.
func startLemming(server *grpc.Server) error {
	device, err := lemming.New(server, target, nil)
	if err != nil {
		return err
	}
	start, err := json.Marshal(startConfiguration())
	if err != nil {
		return err
	}
	_, err = device.Set(context.Background(), &gpb.SetRequest{
		Prefix: &gpb.Path{Origin: lemming.OpenConfigOrigin},
		Update: []*gpb.Update{{
			Path: &gpb.Path{},
			Val:  &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: start}},
		}},
	})
	return err
}

func startGnxi(server *grpc.Server) error {
	start, err := json.Marshal(startConfiguration())
	if err != nil {
		return err
	}
	schema, err := oc.Schema()
	if err != nil {
		return err
	}
	model := gnxi.NewModel(models, reflect.TypeOf((*oc.Device)(nil)), schema.RootSchema(), oc.Unmarshal, oc.ΛEnum)
	device, err := gnxi.NewServer(model, start, nil)
	if err != nil {
		return err
	}
	gpb.RegisterGNMIServer(server, device)
	return nil
}

// What gnxi's server announces; it takes the list from whoever starts it.
var models = []*gpb.ModelData{
	{Name: "openconfig-interfaces", Organization: "Mercury project", Version: "2026-11-22"},
	{Name: "openconfig-if-ethernet", Organization: "Mercury project", Version: "2026-11-22"},
	{Name: "openconfig-if-aggregate", Organization: "Mercury project", Version: "2026-11-22"},
	{Name: "openconfig-vlan", Organization: "Mercury project", Version: "2026-11-22"},
	{Name: "openconfig-lacp", Organization: "Mercury project", Version: "2026-11-22"},
	{Name: "openconfig-spanning-tree", Organization: "Mercury project", Version: "2026-11-25"},
	{Name: "openconfig-network-instance", Organization: "Mercury project", Version: "2026-11-22"},
}

type tree = map[string]any

// The same ports, bundle and instance as tests/peers/netconfd has.
func startConfiguration() tree {
	interfaces := []tree{}
	add := func(name, kind string) {
		interfaces = append(interfaces, tree{"name": name, "config": tree{"name": name, "type": "iana-if-type:" + kind}})
	}
	for i := 1; i <= *ports; i++ {
		add(fmt.Sprintf("Ethernet%d", i), "ethernetCsmacd")
	}
	add("Port-Channel1", "ieee8023adLag")
	return tree{
		"interfaces": tree{"interface": interfaces},
		"network-instances": tree{"network-instance": []tree{{
			"name":   *instance,
			"config": tree{"name": *instance, "type": "openconfig-network-instance-types:DEFAULT_INSTANCE"},
		}}},
	}
}
