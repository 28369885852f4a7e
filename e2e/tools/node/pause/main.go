// Command pause does what a pod's sandbox needs: it exists until it gets a signal to end.
// As "pause serve" it is the smallest workload: it answers HTTP on port 8080 and
// writes each request with its body to standard output.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		go serve()
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
}

func serve() {
	const address = ":8080"
	fmt.Println("serving on", address)
	log.Fatal(http.ListenAndServe(address, http.HandlerFunc(answer)))
}

func answer(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, 1<<20))
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Printf("%s %s %s\n", request.Method, request.URL, body)
	name, err := os.Hostname()
	if err != nil {
		http.Error(response, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(response, "hello from %s\n", name)
}
