// Command oracle compiles and evaluates CEL as the API server does for a
// ValidatingAdmissionPolicy, with the API server's own code. It reads one request per line of
// standard input and writes one answer per line of standard output, both JSON. With the argument
// "speed" the answers are durations instead of values.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
)

func main() {
	answer := values
	if len(os.Args) > 1 && os.Args[1] == "speed" {
		answer = durations
	}
	if err := serve(os.Stdin, os.Stdout, answer); err != nil {
		log.Fatal(err)
	}
}

// serve answers until standard input ends.
func serve(in io.Reader, out io.Writer, answerTo func(line []byte) (any, error)) error {
	requests := bufio.NewReader(in)
	answers := bufio.NewWriter(out)
	encoder := json.NewEncoder(answers)
	for {
		line, err := requests.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		answer, err := answerTo(line)
		if err != nil {
			return err
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
		if err := answers.Flush(); err != nil {
			return err
		}
	}
}
