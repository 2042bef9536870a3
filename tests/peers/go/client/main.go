// A second opinion: gNMI as gnmic's own client library speaks it. Knows nothing
// of Mercury.
//
//	gnmi-client SWITCH [FLAGS] capabilities
//	gnmi-client SWITCH [FLAGS] get PATH...
//	gnmi-client SWITCH [FLAGS] once PATH...
//	gnmi-client SWITCH [FLAGS] set (delete PATH | replace PATH VALUE | update PATH VALUE)...
//
// SWITCH is the file switch.json that tests/peers/gnmi wrote. A path may begin
// with its origin (openconfig:/interfaces). VALUE is JSON, or what -encoding
// says. Prints one line of JSON: of get and once {"path": value, ...}, as the
// switch sent them; of a failure {"code": "NotFound", "message": ...}, and ends
// with 1.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/openconfig/gnmic/pkg/api"
	"github.com/openconfig/gnmic/pkg/api/path"
	"github.com/openconfig/gnmic/pkg/api/target"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
)

var (
	encoding = flag.String("encoding", "json_ietf", "of values and answers: json, json_ietf, proto, and of values also string, uint, bool")
	prefix   = flag.String("prefix", "", "path before all paths; may have an origin")
	name     = flag.String("target", "", "prefix.target")
	kind     = flag.String("type", "ALL", "of get: ALL, CONFIG, STATE, OPERATIONAL")
	timeout  = flag.Duration("timeout", 10*time.Second, "for the whole of it")
	raw      = flag.Bool("raw", false, "print the messages themselves")
	insecure = flag.Bool("skip-verify", false, "whatever certificate the switch has")
)

var login []string // as metadata

type facts struct {
	Host, Username, Password, CA string
	Port                         int
	TLS, Mutual, Login           bool
	ClientCert                   string `json:"client_cert"`
	ClientKey                    string `json:"client_key"`
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: gnmi-client SWITCH [FLAGS] capabilities|get|once|set ...")
		os.Exit(2)
	}
	flag.CommandLine.Parse(os.Args[2:])
	result, err := run(os.Args[1], flag.Args())
	failed := err != nil
	if failed {
		result = map[string]any{"code": status.Code(err).String(), "message": status.Convert(err).Message()}
	}
	if message, ok := result.(proto.Message); ok {
		fmt.Println(protojson.Format(message))
	} else {
		json.NewEncoder(os.Stdout).Encode(result)
	}
	if failed {
		os.Exit(1)
	}
}

func run(file string, words []string) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	to, err := connect(ctx, file)
	if err != nil {
		return nil, err
	}
	defer to.Close()
	if len(words) == 0 {
		return nil, fmt.Errorf("nothing to do")
	}
	switch words[0] {
	case "capabilities":
		return to.Capabilities(ctx)
	case "get":
		return get(ctx, to, words[1:])
	case "once":
		return once(ctx, to, words[1:])
	case "set":
		return set(ctx, to, words[1:])
	}
	return nil, fmt.Errorf("there is no %s", words[0])
}

func connect(ctx context.Context, file string) (*target.Target, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var of facts
	if err := json.Unmarshal(text, &of); err != nil {
		return nil, err
	}
	options := []api.TargetOption{
		api.Address(fmt.Sprintf("%s:%d", of.Host, of.Port)), api.Timeout(*timeout), api.Insecure(!of.TLS),
	}
	if of.Login {
		login = []string{"username", of.Username, "password", of.Password}
		options = append(options, api.Username(of.Username), api.Password(of.Password))
	}
	if of.TLS && *insecure {
		options = append(options, api.SkipVerify(true))
	} else if of.TLS {
		options = append(options, api.TLSCA(of.CA))
	}
	if of.Mutual {
		options = append(options, api.TLSCert(of.ClientCert), api.TLSKey(of.ClientKey))
	}
	to, err := api.NewTarget(options...)
	if err != nil {
		return nil, err
	}
	return to, to.CreateGNMIClient(ctx)
}

func before(options ...api.GNMIOption) []api.GNMIOption {
	if *prefix != "" {
		options = append(options, api.Prefix(*prefix))
	}
	if *name != "" {
		options = append(options, api.Target(*name))
	}
	return options
}

func get(ctx context.Context, to *target.Target, paths []string) (any, error) {
	options := before(api.Encoding(*encoding), api.DataType(*kind))
	for _, p := range paths {
		options = append(options, api.Path(p))
	}
	request, err := api.NewGetRequest(options...)
	if err != nil {
		return nil, err
	}
	answer, err := to.Get(ctx, request)
	if err != nil || *raw {
		return answer, err
	}
	return flat(answer.GetNotification()), nil
}

func once(ctx context.Context, to *target.Target, paths []string) (any, error) {
	options := before(api.Encoding(*encoding), api.SubscriptionListModeONCE())
	for _, p := range paths {
		options = append(options, api.Subscription(api.Path(p)))
	}
	request, err := api.NewSubscribeRequest(options...)
	if err != nil {
		return nil, err
	}
	// Not the library's SubscribeOnce: it takes a stream that ended before the
	// switch had said all for a whole answer.
	if login != nil {
		ctx = metadata.AppendToOutgoingContext(ctx, login...)
	}
	stream, err := to.Client.Subscribe(ctx)
	if err != nil {
		return nil, err
	}
	if err := stream.Send(request); err != nil && err != io.EOF {
		return nil, err
	}
	notifications, lines := []*gpb.Notification{}, []string{}
	for {
		answer, err := stream.Recv()
		if err == io.EOF {
			return nil, status.Error(codes.DataLoss, "the answer ended before all was said")
		}
		if err != nil {
			return nil, err
		}
		if answer.GetSyncResponse() {
			break
		}
		notifications = append(notifications, answer.GetUpdate())
		lines = append(lines, fmt.Sprint(answer))
	}
	if *raw {
		return lines, nil
	}
	return flat(notifications), nil
}

func set(ctx context.Context, to *target.Target, words []string) (any, error) {
	options := before()
	for len(words) > 0 {
		verb := words[0]
		switch {
		case verb == "delete" && len(words) > 1:
			options = append(options, api.Delete(words[1]))
			words = words[2:]
		case (verb == "update" || verb == "replace") && len(words) > 2:
			option := api.Update
			if verb == "replace" {
				option = api.Replace
			}
			options = append(options, option(api.Path(words[1]), value(words[2])))
			words = words[3:]
		default:
			return nil, fmt.Errorf("set: what is %s?", strings.Join(words, " "))
		}
	}
	request, err := api.NewSetRequest(options...)
	if err != nil {
		return nil, err
	}
	return to.Set(ctx, request)
}

// A list in the encoding "proto" is a leaf-list of strings and numbers.
func value(text string) api.GNMIOption {
	if *encoding == "proto" {
		var scalars []any
		if json.Unmarshal([]byte(text), &scalars) == nil {
			list := &gpb.ScalarArray{}
			for _, one := range scalars {
				switch one := one.(type) {
				case float64:
					list.Element = append(list.Element, &gpb.TypedValue{Value: &gpb.TypedValue_UintVal{UintVal: uint64(one)}})
				case string:
					list.Element = append(list.Element, &gpb.TypedValue{Value: &gpb.TypedValue_StringVal{StringVal: one}})
				}
			}
			return api.Value(&gpb.TypedValue_LeaflistVal{LeaflistVal: list}, "")
		}
	}
	return api.Value(text, *encoding)
}

// flat gives each path its value, decoded.
func flat(notifications []*gpb.Notification) map[string]any {
	all := map[string]any{}
	for _, one := range notifications {
		for _, update := range one.GetUpdate() {
			full := &gpb.Path{Elem: path.PathElems(one.GetPrefix(), update.GetPath())}
			all["/"+strings.TrimPrefix(path.GnmiPathToXPath(full, false), "/")] = decoded(update.GetVal())
		}
	}
	return all
}

func decoded(value *gpb.TypedValue) any {
	switch value := value.GetValue().(type) {
	case *gpb.TypedValue_JsonVal:
		return json.RawMessage(value.JsonVal)
	case *gpb.TypedValue_JsonIetfVal:
		return json.RawMessage(value.JsonIetfVal)
	case *gpb.TypedValue_StringVal:
		return value.StringVal
	case *gpb.TypedValue_UintVal:
		return value.UintVal
	case *gpb.TypedValue_IntVal:
		return value.IntVal
	case *gpb.TypedValue_BoolVal:
		return value.BoolVal
	case *gpb.TypedValue_LeaflistVal:
		list := []any{}
		for _, one := range value.LeaflistVal.GetElement() {
			list = append(list, decoded(one))
		}
		return list
	}
	return fmt.Sprint(value)
}
