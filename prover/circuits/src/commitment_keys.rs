//! The commitment keys that provers have in use.

use crate::{keys::KeysError, powers::Powers};
use inference_plonk::{CommitmentKey, Progress};
use inference_primitives::SetupId;
use std::{
	collections::BTreeMap,
	fmt,
	sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// What commitment keys differ by: the setup, binary logarithm of the rows, whether there are tables.
type Kind = (SetupId, u8, bool);
/// Locked while its key is made.
type Slot = Arc<Mutex<Weak<CommitmentKey>>>;

/// Commitment keys, one for each setup and number of rows, that are made when a prover first needs one and freed
/// with the last prover that has it. Clones are the same set.
#[derive(Clone, Default)]
pub struct CommitmentKeys {
	slots: Arc<Mutex<BTreeMap<Kind, Slot>>>,
}

impl fmt::Debug for CommitmentKeys {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("CommitmentKeys").finish_non_exhaustive()
	}
}

impl CommitmentKeys {
	/// The key of `powers` for circuits of 2^`k` rows. Whoever asks for one that another makes waits for it: so
	/// ask from no thread of rayon's, which may wait for itself.
	pub(crate) fn get(
		&self,
		powers: &Powers,
		k: u8,
		with_tables: bool,
		progress: Progress<'_>,
	) -> Result<Arc<CommitmentKey>, KeysError> {
		let kind = (powers.id(), k, with_tables);
		let slot = lock(&self.slots).entry(kind).or_default().clone();
		let mut slot = lock(&slot);
		if let Some(key) = slot.upgrade() {
			return Ok(key);
		}
		let mut key = powers.commitment_key(k, progress)?;
		if with_tables {
			key = key.with_tables(progress);
		}
		let key = Arc::new(key);
		*slot = Arc::downgrade(&key);
		Ok(key)
	}
}

/// Who unwinds while it makes a key leaves none, so nothing is half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{
		panic::{catch_unwind, resume_unwind, AssertUnwindSafe},
		sync::atomic::{AtomicUsize, Ordering},
		thread,
	};

	const K: u8 = 6;

	fn get(keys: &CommitmentKeys, k: u8, with_tables: bool) -> Arc<CommitmentKey> {
		let powers = Powers::InsecureDevelopment;
		keys.get(&powers, k, with_tables, Progress::NONE).unwrap()
	}

	#[test]
	fn a_key_is_made_once_for_all_who_have_it_and_freed_with_the_last() {
		let keys = CommitmentKeys::default();
		let first = get(&keys, K, true);
		let again = get(&keys.clone(), K, true);
		assert!(Arc::ptr_eq(&first, &again));
		let others = [
			get(&keys, K + 1, true),
			get(&keys, K, false),
			get(&CommitmentKeys::default(), K, true),
		];
		assert!(others.iter().all(|other| !Arc::ptr_eq(&first, other)));
		let left = Arc::downgrade(&first);
		drop(first);
		assert!(left.upgrade().is_some(), "another has it");
		drop(again);
		assert!(left.upgrade().is_none());
		assert_eq!(get(&keys, K, true).k(), K);
	}

	#[test]
	fn who_asks_while_a_key_is_made_waits_for_that_one() {
		let (keys, made) = (CommitmentKeys::default(), AtomicUsize::new(0));
		let announce = |step: inference_plonk::Step| {
			if step.done == 0 && step.stage == inference_plonk::Stage::Tables {
				made.fetch_add(1, Ordering::SeqCst);
			}
		};
		let got: Vec<_> = thread::scope(|scope| {
			let ask = || {
				let powers = Powers::InsecureDevelopment;
				keys.get(&powers, K, true, Progress::new(&announce))
			};
			let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
			let got = asking
				.into_iter()
				.map(|thread| thread.join().unwrap().unwrap());
			got.collect()
		});
		assert!(got.iter().all(|key| Arc::ptr_eq(key, &got[0])));
		assert_eq!(made.load(Ordering::SeqCst), 1);
	}

	#[test]
	fn a_key_whose_making_is_left_halfway_is_made_by_the_next() {
		let keys = CommitmentKeys::default();
		let leave = |_| resume_unwind(Box::new(()));
		let left = catch_unwind(AssertUnwindSafe(|| {
			let powers = Powers::InsecureDevelopment;
			keys.get(&powers, K, true, Progress::new(&leave)).is_ok()
		}));
		assert!(left.is_err());
		let (first, again) = (get(&keys, K, true), get(&keys, K, true));
		assert!(Arc::ptr_eq(&first, &again));
		assert_eq!(first.bytes(), CommitmentKey::bytes_with_tables(K));
	}
}
