//! Delays between attempts: exponential, bounded, with jitter.

use rand::Rng;
use std::time::{Duration, Instant};

/// How long to wait after failures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BackoffPolicy {
	/// Longest wait after the first failure.
	pub first: Duration,
	/// Longest wait after any failure.
	pub max: Duration,
}

impl Default for BackoffPolicy {
	fn default() -> Self {
		Self {
			first: Duration::from_secs(1),
			max: Duration::from_secs(60),
		}
	}
}

impl BackoffPolicy {
	/// The longest wait after `failures` failures in a row: doubled by each after the first.
	fn ceiling(&self, failures: u32) -> Duration {
		let doublings = failures.saturating_sub(1).min(31);
		self.first.saturating_mul(1 << doublings).min(self.max)
	}
}

/// Failures in a row, and the time before which nothing is tried.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
	failures: u32,
	until: Option<Instant>,
}

impl Backoff {
	/// Whether the next attempt may be made.
	pub(crate) fn is_over(&self, now: Instant) -> bool {
		self.until.is_none_or(|until| now >= until)
	}

	/// Whether the last attempt failed.
	pub(crate) fn has_failed(&self) -> bool {
		self.failures > 0
	}

	/// Counts a failure. Waits between half of the policy's ceiling and all of it. Returns the wait.
	pub(crate) fn fail(&mut self, policy: &BackoffPolicy, now: Instant) -> Duration {
		self.failures = self.failures.saturating_add(1);
		let half = policy.ceiling(self.failures) / 2;
		let jitter = rand::thread_rng().gen_range(Duration::ZERO..=half);
		let wait = half.saturating_add(jitter);
		self.until = now.checked_add(wait);
		wait
	}

	/// Forgets the failures. Returns whether there were any.
	pub(crate) fn succeed(&mut self) -> bool {
		let failed = self.failures > 0;
		*self = Self::default();
		failed
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const POLICY: BackoffPolicy = BackoffPolicy {
		first: Duration::from_secs(1),
		max: Duration::from_secs(10),
	};

	#[test]
	fn waits_double_up_to_the_maximum_with_jitter() {
		let (mut backoff, now) = (Backoff::default(), Instant::now());
		for ceiling in [1, 2, 4, 8, 10, 10] {
			let ceiling = Duration::from_secs(ceiling);
			let wait = backoff.fail(&POLICY, now);
			assert!(
				ceiling / 2 <= wait && wait <= ceiling,
				"{wait:?} of {ceiling:?}"
			);
			assert!(!backoff.is_over(now));
			assert!(backoff.is_over(now + wait));
		}
	}

	#[test]
	fn success_forgets_the_failures() {
		let (mut backoff, now) = (Backoff::default(), Instant::now());
		assert!(!backoff.succeed());
		backoff.fail(&POLICY, now);
		assert!(backoff.succeed());
		assert!(backoff.is_over(now));
	}

	#[test]
	fn countless_failures_never_overflow() {
		let mut backoff = Backoff {
			failures: u32::MAX,
			until: None,
		};
		assert!(backoff.fail(&POLICY, Instant::now()) <= POLICY.max);
	}
}
