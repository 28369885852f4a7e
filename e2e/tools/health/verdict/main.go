// Command verdict asks what GitOps controllers ask about the health of an object: the Lua of Argo CD, run as
// Argo CD runs it, and kstatus, which Flux and others use. It reads one request per line of standard input and
// writes one answer per line of standard output, both JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

// request is a health check, as it stands in argocd-cm, and an object as it is stored.
type request struct {
	Script string         `json:"script"`
	Object map[string]any `json:"object"`
}

// health is what a controller makes of the object.
type health struct {
	Status  string `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
	Error   string `json:"error,omitempty"`
}

type answer struct {
	Argo    health `json:"argo"`
	Kstatus health `json:"kstatus"`
}

func main() {
	requests := json.NewDecoder(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for {
		var asked request
		if err := requests.Decode(&asked); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		if err := answers.Encode(answer{argo(asked), byConditions(asked.Object)}); err != nil {
			log.Fatal(err)
		}
	}
}

// patience is how long Argo CD lets a script run.
const patience = time.Second

// argo runs the script with the libraries that Argo CD gives to scripts of its configuration: no strings, no
// files, no clock. Its `os` has only `time` and `date`, and is left out.
func argo(asked request) health {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage,
		lua.BaseLibName: lua.OpenBase,
		lua.TabLibName:  lua.OpenTable,
	} {
		call := lua.P{Fn: state.NewFunction(open), NRet: 0, Protect: true}
		if err := state.CallByParam(call, lua.LString(name)); err != nil {
			return health{Error: err.Error()}
		}
	}
	limit, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	state.SetContext(limit)
	state.SetGlobal("obj", value(state, asked.Object))
	if err := state.DoString(asked.Script); err != nil {
		return health{Error: err.Error()}
	}
	found, isTable := state.Get(-1).(*lua.LTable)
	if !isTable {
		return health{Error: fmt.Sprintf("the script returns a %s", state.Get(-1).Type())}
	}
	return health{Status: text(found, "status"), Message: text(found, "message")}
}

func text(table *lua.LTable, field string) string {
	if text, isText := table.RawGetString(field).(lua.LString); isText {
		return string(text)
	}
	return ""
}

// value is a value of JSON in Lua. An absent field is nil there.
func value(state *lua.LState, from any) lua.LValue {
	switch from := from.(type) {
	case bool:
		return lua.LBool(from)
	case float64:
		return lua.LNumber(from)
	case string:
		return lua.LString(from)
	case []any:
		list := state.NewTable()
		for _, item := range from {
			list.Append(value(state, item))
		}
		return list
	case map[string]any:
		table := state.NewTable()
		for key, item := range from {
			table.RawSetString(key, value(state, item))
		}
		return table
	}
	return lua.LNil
}

// byConditions is the status that kstatus computes.
func byConditions(object map[string]any) health {
	// Numbers of JSON are float64; kstatus wants generations as int64.
	text, err := json.Marshal(object)
	if err != nil {
		return health{Error: err.Error()}
	}
	stored := &unstructured.Unstructured{}
	if err := stored.UnmarshalJSON(text); err != nil {
		return health{Error: err.Error()}
	}
	found, err := status.Compute(stored)
	if err != nil {
		return health{Error: err.Error()}
	}
	return health{Status: found.Status.String(), Message: found.Message}
}
