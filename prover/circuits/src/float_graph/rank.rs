//! The greatest or least elements of groups, in order.

/// Which elements are ranked, and how.
///
/// The result has, group after group, the first `count` members of the group in their order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ranking {
	/// Per group its members: an element of the operand, and the label that it is reported by. A
	/// group's labels differ, and are below 2^[`Self::MAX_LABEL_BITS`].
	pub groups: Vec<Vec<(usize, u32)>>,
	/// How many members of each group; no group has fewer.
	pub count: usize,
	/// Whether the greatest come first, else the least.
	pub greatest: bool,
	/// Whether of equal members the one with the greatest label comes first, else with the least.
	pub last: bool,
}

impl Ranking {
	/// Most bits of a label.
	pub const MAX_LABEL_BITS: u32 = 22;

	/// The values (`labels`: the labels) of the first members of each group of `x`; a missing element
	/// counts as zero.
	pub fn compute(&self, x: &[f64], labels: bool) -> Vec<f64> {
		let mut results = Vec::with_capacity(self.groups.len().saturating_mul(self.count));
		for group in &self.groups {
			let mut members: Vec<(f64, u32)> = group
				.iter()
				.map(|(element, label)| (x.get(*element).copied().unwrap_or_default(), *label))
				.collect();
			members.sort_by(|(a, i), (b, j)| {
				let by_value = if self.greatest {
					b.partial_cmp(a)
				} else {
					a.partial_cmp(b)
				};
				let by_label = if self.last { j.cmp(i) } else { i.cmp(j) };
				by_value.unwrap_or(std::cmp::Ordering::Equal).then(by_label)
			});
			let first = members.into_iter().take(self.count);
			results.extend(first.map(|(x, label)| if labels { f64::from(label) } else { x }));
		}
		results
	}

	/// Bits of the greatest label.
	pub fn label_bits(&self) -> u32 {
		let greatest = self.groups.iter().flatten().map(|(_, label)| *label).max();
		u32::BITS - greatest.unwrap_or_default().leading_zeros()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn ties_go_to_the_label_that_is_asked_for() {
		let ranking = |greatest, last| Ranking {
			groups: vec![vec![(0, 0), (1, 1), (2, 2), (3, 3)]],
			count: 3,
			greatest,
			last,
		};
		let x = [2.0, 5.0, 5.0, 2.0];
		assert_eq!(ranking(true, false).compute(&x, true), [1.0, 2.0, 0.0]);
		assert_eq!(ranking(true, true).compute(&x, true), [2.0, 1.0, 3.0]);
		assert_eq!(ranking(false, false).compute(&x, true), [0.0, 3.0, 1.0]);
		assert_eq!(ranking(false, true).compute(&x, false), [2.0, 2.0, 5.0]);
		assert_eq!(ranking(true, true).label_bits(), 2);
	}
}
