//! What is wrong with the stores and the bundles, for the health report: a database that fails once may
//! fail until it is opened again, and nobody would know from the fact that the service answers.

use parking_lot::Mutex;
use std::{collections::BTreeMap, fmt::Display};

/// The last failure of each store, until it works again, and of each bundle that was to be loaded at the
/// start, until it is loaded.
#[derive(Debug, Default)]
pub struct Trouble {
	jobs: Mutex<Option<String>>,
	content: Mutex<Option<String>>,
	/// By folder.
	bundles: Mutex<BTreeMap<String, String>>,
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

	/// The bundle in this folder, which was to be loaded at the start, cannot be.
	pub fn bundle_fails(&self, dir: &str, error: &dyn Display) {
		self.bundles.lock().insert(dir.into(), error.to_string());
	}

	/// The bundle in this folder is loaded, or not wanted any more.
	pub fn bundle_works(&self, dir: &str) {
		self.bundles.lock().remove(dir);
	}

	/// Bundles that were to be loaded at the start and are not.
	pub fn bundles(&self) -> usize {
		self.bundles.lock().len()
	}

	/// What is wrong.
	pub fn problems(&self) -> Vec<String> {
		let jobs = self.jobs.lock().clone();
		let bundles = self.bundles.lock().clone();
		jobs.into_iter()
			.chain(self.content.lock().clone())
			.chain(bundles.into_values().map(|error| {
				format!("not loaded: {error}; mend the bundle, then load it with prover_loadModel")
			}))
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
		trouble.bundle_fails("/b", &"bundle /b: no manifest");
		assert!(trouble.problems()[0].contains("no manifest"));
		assert_eq!(trouble.bundles(), 1);
		trouble.bundle_works("/b");
		assert!(trouble.problems().is_empty());
	}
}
