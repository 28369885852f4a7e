package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/cel-go/cel"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/cel/library"
)

// timing is an object, the expressions to time on it, and how often: the best of so many rounds of
// so many repetitions counts, because other load only makes a round longer.
type timing struct {
	Object      json.RawMessage `json:"object"`
	Expressions []string        `json:"expressions"`
	Rounds      int             `json:"rounds"`
	Repetitions int             `json:"repetitions"`
}

// timed holds nanoseconds: to decode the object, and for each expression.
type timed struct {
	Decode      float64   `json:"decode"`
	Expressions []evalFor `json:"expressions"`
}

// evalFor is what one evaluation takes: cel-go alone, optimized and without counting cost, and the
// API server's program for a policy, which counts it.
type evalFor struct {
	Bare   float64 `json:"bare"`
	Server float64 `json:"server"`
}

func durations(line []byte) (any, error) {
	var asked timing
	if err := utiljson.Unmarshal(line, &asked); err != nil {
		return nil, fmt.Errorf("reading a request: %w", err)
	}
	compiler, err := newCompiler()
	if err != nil {
		return nil, err
	}
	// Not the API server's environment: its libraries switch the counting of cost on.
	object := cel.Variable(plugincel.ObjectVarName, cel.DynType)
	bare, err := cel.NewEnv(cel.OptionalTypes(), library.Quantity(), object)
	if err != nil {
		return nil, fmt.Errorf("setting up cel-go: %w", err)
	}
	var value any
	times := timed{Decode: asked.best(func() { err = utiljson.Unmarshal(asked.Object, &value) })}
	if err != nil {
		return nil, fmt.Errorf("reading the object: %w", err)
	}
	on := &roots{object: value}
	for _, source := range asked.Expressions {
		program, err := compileBare(bare, source)
		if err != nil {
			return nil, fmt.Errorf("compiling %q: %w", source, err)
		}
		compiled := compiler.CompileCELExpression(expression{Source: source}, undeclared, mode)
		if compiled.Error != nil {
			return nil, fmt.Errorf("compiling %q: %w", source, compiled.Error)
		}
		times.Expressions = append(times.Expressions, evalFor{
			Bare:   asked.best(func() { _, _, _ = program.Eval(on) }),
			Server: asked.best(func() { _, _, _ = compiled.Program.ContextEval(context.Background(), on) }),
		})
	}
	return times, nil
}

func compileBare(env *cel.Env, source string) (cel.Program, error) {
	checked, issues := env.Compile(source)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	return env.Program(checked, cel.EvalOptions(cel.OptOptimize))
}

// best returns the nanoseconds of one repetition in the best round.
func (t timing) best(once func()) float64 {
	best := time.Duration(1<<63 - 1)
	for range t.Rounds {
		started := time.Now()
		for range t.Repetitions {
			once()
		}
		best = min(best, time.Since(started))
	}
	return float64(best.Nanoseconds()) / float64(t.Repetitions)
}
