//! Kubernetes CEL over JSON: an expression means here what a 1.36 API server makes of it in a
//! `ValidatingAdmissionPolicy`, compiled once, bounded, and without a copy of the object.
//!
//! `syntax` reads text, `check` types it and makes a plan, `eval` runs the plan with `library`'s
//! functions on `value`s. Imports point that way and nothing here does IO or knows the time.
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
mod embed;
mod env;
mod error;
mod eval;
mod library;
pub mod limits;
mod syntax;
mod value;

pub use check::Type;
pub use env::{Env, Program};
pub use error::{CompileError, EvalError};
pub use eval::Evaluation;
pub use value::{Instant, List, Map, Text, Value};
