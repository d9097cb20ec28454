//! Which models processes are to hold, in which order, and which of them a process died with.

use super::wire::Place;
use inference_primitives::{Hash, VkHash};
use std::{
	cmp::Reverse,
	collections::BTreeMap,
	time::{Duration, Instant},
};

/// How long a model is suspected of taking too much memory. Longer than a worker waits before it tries a job again.
const SUSPICION: Duration = Duration::from_secs(600);

/// See the module.
#[derive(Debug, Default)]
pub struct Wanted {
	models: BTreeMap<VkHash, Model>,
	suspects: BTreeMap<VkHash, Suspicion>,
	/// Counts uses.
	clock: u64,
}

#[derive(Debug)]
struct Model {
	place: Place,
	/// Zero: never.
	last_used: u64,
	/// It could not be read when nobody waited for it.
	is_unreadable: bool,
}

/// A process died in the model's last attempt.
#[derive(Clone, Copy, Debug)]
struct Suspicion {
	since: Instant,
	/// For want of memory.
	is_for_memory: bool,
}

impl Wanted {
	/// Wants this bundle of the model from now on, and no other.
	pub fn want(&mut self, model: &VkHash, place: &Place) {
		let last_used = self.models.get(model).map_or(0, |before| before.last_used);
		let wanted = Model {
			place: place.clone(),
			last_used,
			is_unreadable: false,
		};
		self.models.insert(*model, wanted);
	}

	/// Wants the model no more.
	pub fn forget(&mut self, model: &VkHash) {
		self.models.remove(model);
		self.suspects.remove(model);
	}

	/// Whether this very bundle is wanted.
	pub fn wants(&self, bundle: &Hash) -> bool {
		self.models
			.values()
			.any(|model| model.place.bundle == *bundle)
	}

	/// Somebody needs it.
	pub fn touch(&mut self, model: &VkHash) {
		self.clock = self.clock.saturating_add(1);
		if let Some(model) = self.models.get_mut(model) {
			model.last_used = self.clock;
		}
	}

	/// Whether the bundle can be read was seen.
	pub fn set_readable(&mut self, bundle: &Hash, is_readable: bool) {
		for model in self.models.values_mut() {
			if model.place.bundle == *bundle {
				model.is_unreadable = !is_readable;
			}
		}
	}

	/// What is to be read although nobody waits for it: what was needed last is needed next, perhaps by the attempt
	/// after one whose process was ended. Not what is suspected: its next attempt gets a process of its own.
	pub fn ahead(&mut self) -> Vec<(VkHash, Place)> {
		self.lapse();
		let suspects = &self.suspects;
		let models = self.models.iter();
		let mut models: Vec<_> = models
			.filter(|(hash, model)| !model.is_unreadable && !suspects.contains_key(*hash))
			.collect();
		models.sort_by_key(|(_, model)| Reverse(model.last_used));
		models
			.into_iter()
			.map(|(hash, model)| (*hash, model.place.clone()))
			.collect()
	}

	/// A process died with the model. Whether one died with it before for want of memory, as this one did.
	pub fn suspect(&mut self, model: &VkHash, is_for_memory: bool) -> bool {
		self.lapse();
		let suspicion = Suspicion {
			since: Instant::now(),
			is_for_memory,
		};
		let before = self.suspects.insert(*model, suspicion);
		is_for_memory && before.is_some_and(|before| before.is_for_memory)
	}

	/// Whether a process died in the model's last attempt.
	pub fn is_suspect(&mut self, model: &VkHash) -> bool {
		self.lapse();
		self.suspects.contains_key(model)
	}

	/// An attempt went well, or none is made any more. Whether there was a suspicion.
	pub fn clear(&mut self, model: &VkHash) -> bool {
		self.suspects.remove(model).is_some()
	}

	fn lapse(&mut self) {
		self.suspects
			.retain(|_, suspicion| suspicion.since.elapsed() < SUSPICION);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn place(byte: u8) -> Place {
		Place {
			dir: "/b".into(),
			bundle: [byte; 32],
		}
	}

	fn of(models: &[u8]) -> Wanted {
		let mut wanted = Wanted::default();
		for model in models {
			wanted.want(&VkHash([*model; 32]), &place(*model));
		}
		wanted
	}

	fn order(wanted: &mut Wanted) -> Vec<u8> {
		let models = wanted.ahead();
		models.iter().map(|(model, _)| model.0[0]).collect()
	}

	#[test]
	fn what_was_needed_last_should_be_read_first() {
		let mut wanted = of(&[1, 2, 3]);
		wanted.touch(&VkHash([2; 32]));
		wanted.touch(&VkHash([3; 32]));
		assert_eq!(order(&mut wanted), [3, 2, 1]);
		// A bundle that is built anew keeps its turn.
		wanted.want(&VkHash([2; 32]), &place(9));
		wanted.touch(&VkHash([2; 32]));
		wanted.forget(&VkHash([3; 32]));
		assert_eq!(order(&mut wanted), [2, 1]);
		assert!(wanted.wants(&[9; 32]) && !wanted.wants(&[2; 32]) && !wanted.wants(&[3; 32]));
	}

	#[test]
	fn what_cannot_be_read_should_be_left_until_it_was_read_or_is_wanted_anew() {
		let mut wanted = of(&[1, 2]);
		wanted.set_readable(&[1; 32], false);
		assert_eq!(order(&mut wanted), [2]);
		wanted.set_readable(&[1; 32], true);
		assert_eq!(order(&mut wanted), [1, 2]);
		wanted.set_readable(&[1; 32], false);
		wanted.want(&VkHash([1; 32]), &place(1));
		assert_eq!(order(&mut wanted), [1, 2]);
	}

	#[test]
	fn a_suspicion_should_be_of_one_model_and_lapse_although_its_job_never_comes_back() {
		let (mut wanted, model) = (of(&[1, 2]), VkHash([1; 32]));
		assert!(!wanted.suspect(&model, false));
		assert!(wanted.is_suspect(&model) && !wanted.is_suspect(&VkHash([2; 32])));
		assert_eq!(order(&mut wanted), [2]);
		let long_ago = Instant::now().checked_sub(SUSPICION).unwrap();
		wanted.suspects.get_mut(&model).unwrap().since = long_ago;
		assert_eq!(order(&mut wanted), [1, 2]);
		assert!(!wanted.is_suspect(&model));
	}

	#[test]
	fn one_death_for_memory_should_not_be_enough() {
		let (mut wanted, model) = (of(&[1]), VkHash([1; 32]));
		assert!(!wanted.suspect(&model, true));
		assert!(!wanted.suspect(&model, false));
		assert!(!wanted.suspect(&model, true));
		assert!(wanted.suspect(&model, true));
		wanted.clear(&model);
		assert!(!wanted.suspect(&model, true));
	}
}
