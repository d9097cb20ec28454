//! What a command prints: one report on standard output, as text or as JSON.

use crate::error::CliError;
use clap::ValueEnum;
use serde::Serialize;
use std::{
	fmt::Display,
	io::{self, Write},
};

/// How reports and errors are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Format {
	/// For people.
	#[default]
	Text,
	/// For programs: one document; amounts are strings of planck.
	Json,
}

/// Prints a report on standard output. A reader that went away is no error.
pub fn print<R: Serialize + Display>(format: Format, report: &R) -> Result<(), CliError> {
	let text = match format {
		Format::Text => report.to_string(),
		Format::Json => serde_json::to_string_pretty(report)
			.map_err(|e| CliError::Failed(format!("cannot write the report as JSON: {e}")))?,
	};
	match writeln!(io::stdout(), "{}", text.trim_end()) {
		Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Failed(format!(
			"cannot write to standard output: {error}"
		))),
		_ => Ok(()),
	}
}

/// Prints a warning on standard error.
pub fn print_warning(format: Format, message: &str) {
	let text = match format {
		Format::Text => format!("WARNING: {message}"),
		Format::Json => serde_json::json!({ "warning": { "message": message } }).to_string(),
	};
	// Nothing is left to tell it to when standard error is closed.
	let _ = writeln!(io::stderr(), "{text}");
}

/// Prints an error on standard error.
pub fn print_error(format: Format, error: &CliError) {
	let text = match format {
		Format::Text => format!("error: {error}"),
		Format::Json => error.to_json().to_string(),
	};
	// Nothing is left to tell it to when standard error is closed.
	let _ = writeln!(io::stderr(), "{text}");
}
