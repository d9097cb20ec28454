//! What is wrong with the stores, for the health report: a database that fails once may fail until it
//! is opened again, and nobody would know from the fact that the service answers.

use parking_lot::Mutex;
use std::fmt::Display;

/// The last failure of each store, until it works again.
#[derive(Debug, Default)]
pub struct Trouble {
	jobs: Mutex<Option<String>>,
	content: Mutex<Option<String>>,
}

impl Trouble {
	/// The job store failed.
	pub fn jobs_fail(&self, error: &dyn Display) {
		*self.jobs.lock() = Some(format!(
			"job store: {error}; restart the service if this stays"
		));
	}

	/// The job store works.
	pub fn jobs_work(&self) {
		*self.jobs.lock() = None;
	}

	/// The content store failed.
	pub fn content_fails(&self, error: &dyn Display) {
		*self.content.lock() = Some(format!("content store: {error}"));
	}

	/// The content store works.
	pub fn content_works(&self) {
		*self.content.lock() = None;
	}

	/// What is wrong.
	pub fn problems(&self) -> Vec<String> {
		let jobs = self.jobs.lock().clone();
		jobs.into_iter()
			.chain(self.content.lock().clone())
			.collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn problems_should_name_each_failing_store_until_it_works() {
		let trouble = Trouble::default();
		trouble.jobs_fail(&"a previous I/O error");
		trouble.content_fails(&"no space left on device");
		let problems = trouble.problems();
		assert!(problems[0].contains("previous I/O") && problems[1].contains("no space"));
		trouble.jobs_work();
		trouble.content_works();
		assert!(trouble.problems().is_empty());
	}
}
