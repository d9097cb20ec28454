//! Progress of long work, on standard error; silent when that is no terminal, or for JSON.

use crate::output::Format;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use inference_circuits::Step;
use std::{sync::Arc, time::Duration};

/// A spinner with a message and the time elapsed. It clears itself when dropped.
pub struct Progress(ProgressBar);

impl Progress {
	/// Starts with `message`.
	pub fn start(format: Format, message: impl Into<String>) -> Self {
		// indicatif draws to terminals only.
		let target = match format {
			Format::Text => ProgressDrawTarget::stderr(),
			Format::Json => ProgressDrawTarget::hidden(),
		};
		let bar = ProgressBar::with_draw_target(None, target);
		if let Ok(style) = ProgressStyle::with_template("{spinner} [{elapsed}] {msg}") {
			bar.set_style(style);
		}
		bar.set_message(message.into());
		bar.enable_steady_tick(Duration::from_millis(120));
		Self(bar)
	}

	/// What shows each step of loading a key and proving.
	pub fn steps(&self) -> Arc<dyn Fn(Step) + Send + Sync> {
		let bar = self.0.clone();
		Arc::new(move |step| bar.set_message(step.to_string()))
	}

	/// Changes the message.
	pub fn set(&self, message: impl Into<String>) {
		self.0.set_message(message.into());
	}
}

impl Drop for Progress {
	fn drop(&mut self) {
		self.0.finish_and_clear();
	}
}
