# Targets for people. Each runs one command or a script in .ci/.

.DEFAULT_GOAL := help

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: ## Start a throwaway Kubernetes API with the examples, and explore it
	cargo build
	cargo run --quiet -- demo

test: ## Run all checks and tests; with KUBERNETES=1.30, the API-server suites on that release
	@.ci/test.sh $(if $(KUBERNETES),kubernetes-$(KUBERNETES))

crds: ## Generate crds/ and the chart's copy from the Rust types
	UPDATE_CRDS=1 cargo test --quiet --test crds

chart-readme: ## Generate the chart's README from its values
	UPDATE_CHART_README=1 cargo test --quiet --test chart readme

bench: ## Measure cost and speed of the operator on a real API server
	cargo build --quiet --release --bin goldenpath
	cargo run --quiet --release --example bench

chart: ## Lint and test the Helm chart
	@.ci/test.sh chart
	cargo test --quiet --test chart

pictures: ## Draw the dashboards and the page in docs/img, from a real Prometheus and a real browser
	cargo build --quiet
	cargo run --quiet --example pictures
	GOLDENPATH_PICTURES=docs/img cargo test --quiet --test page

image: ## Build the container image as target/image.tar, without Docker (docker load reads it)
	cargo run --quiet --package goldenpath-e2e --example image -- localhost/goldenpath:dev target/image.tar

sbom: ## Write a bill of materials of the image, as CycloneDX in target/goldenpath.cdx.json
	@.ci/sbom.sh

clean: ## Remove build output
	cargo clean

.PHONY: help demo test crds chart-readme bench chart pictures image sbom clean
