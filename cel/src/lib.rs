//! Kubernetes CEL over JSON. An expression has the value that a 1.36 API server computes for it in a
//! `ValidatingAdmissionPolicy`. It is compiled once, bounded, and evaluated without a copy of the
//! object.
//!
//! Imports point one way: `syntax <- value <- library <- eval <- check <- env`. `syntax` parses,
//! `value` holds values and meters what they cost, `library` has the functions, `eval` runs plans,
//! `check` types an expression and makes its plan, `env` is the API. All may import `error` and
//! `limits`. Nothing here does IO or reads the clock.
//!
//! ```
//! use goldenpath_cel::{Env, Evaluation};
//!
//! let env = Env::new();
//! let check = env.compile_bool("object.spec.replicas >= 2")?;
//! let object = serde_json::json!({"spec": {"replicas": 3}});
//! assert!(Evaluation::new(&env, &object, None).run_bool(&check)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
mod env;
mod error;
mod eval;
mod library;
pub mod limits;
mod syntax;
mod value;

pub use check::Type;
pub use env::{Env, Evaluation, Program};
pub use error::{CompileError, EvalError};
pub use value::{Instant, List, Map, Precision, Text, Value, canonical_quantity};
