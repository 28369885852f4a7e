# What people type. What it runs is one line each, or a script in .ci/.

.DEFAULT_GOAL := help

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: ## Start a throwaway Kubernetes API with the examples, and look around
	cargo build
	cargo run --quiet -- demo

test: ## Run every check and every test; ends with a line of counts
	@.ci/test.sh

crds: ## Write crds/ and the chart's copy from the types
	UPDATE_CRDS=1 cargo test --quiet --test crds

bench: ## Measure what the operator costs, on a real API server
	cargo build --quiet --release --bin goldenpath
	cargo run --quiet --release --example bench

chart: ## Lint and try the Helm chart
	@.ci/test.sh chart

image: ## Build the container image
	docker build --tag goldenpath:dev .

clean: ## Remove what was built
	cargo clean

.PHONY: help demo test crds bench chart image clean
