package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/interpreter"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/version"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// mode is the one in which a policy is checked that is created now.
const mode = environment.NewExpressions

// undeclared leaves out what a policy has only with parameters or on a request.
var undeclared = plugincel.OptionalVariableDeclarations{}

// request is a policy's variables, the objects to judge, and the expressions to evaluate on each.
type request struct {
	Variables   []expression `json:"variables"`
	Objects     []object     `json:"objects"`
	Expressions []string     `json:"expressions"`
}

// object is an object with its namespace, as the API server stores them.
type object struct {
	Object    json.RawMessage  `json:"object"`
	Namespace corev1.Namespace `json:"namespace"`
}

// answer holds one result per variable, without values, and one per expression. A variable that
// is refused is not declared.
type answer struct {
	Variables   []result `json:"variables"`
	Expressions []result `json:"expressions"`
}

// result is why the API server refuses an expression, or its type and its value on each object.
type result struct {
	Refused string    `json:"refused,omitempty"`
	Type    string    `json:"type,omitempty"`
	Values  []outcome `json:"values,omitempty"`
}

// outcome is a value as canonical text, or an error.
type outcome struct {
	Value string `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
	// OverBudget marks an error that is about cost, not about meaning.
	OverBudget bool `json:"overBudget,omitempty"`
}

// expression implements the accessor of the compiler: any type is welcome.
type expression struct {
	Name   string `json:"name"`
	Source string `json:"source"`
}

func (e expression) GetName() string          { return e.Name }
func (e expression) GetExpression() string    { return e.Source }
func (e expression) ReturnTypes() []*cel.Type { return []*cel.Type{cel.AnyType} }

// roots are the names an expression starts from.
type roots struct {
	object, namespace, variables any
}

func (r *roots) Parent() interpreter.Activation { return nil }

func (r *roots) ResolveName(name string) (any, bool) {
	switch name {
	case plugincel.ObjectVarName:
		return r.object, true
	case plugincel.NamespaceVarName:
		return r.namespace, true
	case plugincel.VariableVarName:
		return r.variables, true
	}
	return nil, false
}

func values(line []byte) (any, error) {
	var asked request
	if err := utiljson.Unmarshal(line, &asked); err != nil {
		return nil, fmt.Errorf("reading a request: %w", err)
	}
	compiler, err := newCompiler()
	if err != nil {
		return nil, err
	}
	variables := make([]result, len(asked.Variables))
	for at, variable := range asked.Variables {
		variables[at] = evaluate(compiler, variable, nil)
		if variables[at].Refused == "" {
			compiler.CompileAndStoreVariable(variable, undeclared, mode)
		}
	}
	objects := make([]roots, len(asked.Objects))
	for at, one := range asked.Objects {
		if objects[at], err = one.roots(); err != nil {
			return nil, fmt.Errorf("reading object %d: %w", at, err)
		}
	}
	results := make([]result, len(asked.Expressions))
	for at, source := range asked.Expressions {
		results[at] = evaluate(compiler, expression{Source: source}, objects)
	}
	return &answer{Variables: variables, Expressions: results}, nil
}

// newCompiler returns the compiler of the API server whose CEL is ours.
func newCompiler() (*plugincel.CompositedCompiler, error) {
	base := environment.MustBaseEnvSet(version.MajorMinor(1, 36))
	compiler, err := plugincel.NewCompositedCompiler(base)
	if err != nil {
		return nil, fmt.Errorf("setting up the compiler: %w", err)
	}
	return compiler, nil
}

// roots converts an object and its namespace to what the API server evaluates on.
func (o object) roots() (roots, error) {
	var value any
	if err := utiljson.Unmarshal(o.Object, &value); err != nil {
		return roots{}, err
	}
	namespace := plugincel.CreateNamespaceObject(&o.Namespace)
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(namespace)
	return roots{object: value, namespace: fields}, err
}

// evaluate compiles one expression and runs it on each object. A panic is an answer too: the API
// server recovers from it and refuses the request.
func evaluate(compiler *plugincel.CompositedCompiler, one expression, objects []roots) (answer result) {
	defer func() {
		if reason := recover(); reason != nil {
			answer = result{Refused: fmt.Sprintf("panic: %v", reason)}
		}
	}()
	compiled := compiler.CompileCELExpression(one, undeclared, mode)
	if compiled.Error != nil {
		return result{Refused: compiled.Error.Error()}
	}
	answer.Type = compiled.OutputType.String()
	for _, object := range objects {
		// Variables are evaluated anew for each object.
		policy := compiler.CreateContext(context.Background())
		object.variables = policy.Variables(&object)
		answer.Values = append(answer.Values, run(policy, compiled.Program, &object))
	}
	return answer
}

func run(policy context.Context, program cel.Program, on *roots) outcome {
	value, _, err := program.ContextEval(policy, on)
	if err != nil {
		text := err.Error()
		return outcome{Error: text, OverBudget: strings.Contains(text, "cost limit exceeded")}
	}
	return outcome{Value: canonical(value)}
}
