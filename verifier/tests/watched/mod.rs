//! An allocator that notes, for each thread, its largest allocation and the most memory that it
//! had at once. A test binary that declares this module runs on it.

use std::{
	alloc::{GlobalAlloc, Layout, System},
	cell::Cell,
};

thread_local! {
	static LARGEST: Cell<usize> = const { Cell::new(0) };
	/// Bytes allocated less bytes freed; negative where other threads' memory is freed.
	static LIVE: Cell<isize> = const { Cell::new(0) };
	static PEAK: Cell<isize> = const { Cell::new(0) };
}

struct Watched;

/// Notes an allocation that replaces one of `old` bytes.
fn note(old: usize, new: usize) {
	// A thread that ends has no more cells: nobody asks about it.
	let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(new)));
	let live = LIVE.try_with(|live| {
		live.set(live.get() + new as isize - old as isize);
		live.get()
	});
	if let Ok(live) = live {
		let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live)));
	}
}

// SAFETY: forwards to the system's allocator.
unsafe impl GlobalAlloc for Watched {
	unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
		note(0, layout.size());
		System.alloc(layout)
	}

	unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
		note(layout.size(), 0);
		System.dealloc(pointer, layout);
	}

	unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
		note(layout.size(), size);
		System.realloc(pointer, layout, size)
	}
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// What some work allocated.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
	/// Bytes of the largest allocation.
	pub largest: usize,
	/// Most bytes at once.
	pub peak: usize,
}

/// Does `work` on this thread and tells what it allocated.
pub fn watch<T>(work: impl FnOnce() -> T) -> (T, Memory) {
	let start = LIVE.get();
	LARGEST.set(0);
	PEAK.set(start);
	let result = work();
	let memory = Memory {
		largest: LARGEST.get(),
		peak: usize::try_from(PEAK.get() - start).unwrap(),
	};
	(result, memory)
}
