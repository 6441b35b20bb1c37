//! The heap of JavaScript. QuickJS asks for millions of small blocks of few sizes, on one thread: here each size has a
//! list of its own, so that taking a block and giving it back is a handful of instructions, a third of what malloc(3)
//! needs for its generality. Large blocks are malloc's.
//!
//! Small blocks lie in one region of addresses that is reserved at the start and filled from below in spans; each span
//! holds blocks of one class of sizes, which stands in a table: a byte a span, so that it stays in the processor's cache.
//! What was freed serves its own size again.

use rquickjs::allocator::Allocator;
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect};
use std::{
    ffi::c_void,
    ptr::null_mut,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Addresses, not memory; when they are used up, or cannot be had, everything is malloc's.
const REGION: usize = 4 << 30;
const SPAN: usize = 8 << 10;
/// What is taken from the system at a time, whole: one call instead of a fault for each page of it.
const STEP: usize = 256 << 10;
const FINE: usize = 512;
const LARGEST: usize = 2048;
/// Steps of 16 bytes up to `FINE`, then four to each doubling.
const CLASSES: usize = FINE / 16 + 8;
const SPANS: usize = REGION / SPAN;

/// Where the region begins; 0 where there is none. The classes of its spans lie behind it.
static BASE: AtomicUsize = AtomicUsize::new(0);

pub struct Heap {
    lists: [List; CLASSES],
    /// Bytes of the region given out as spans, and taken from the system.
    given: usize,
    taken: usize,
}

#[derive(Clone, Copy)]
struct List {
    /// Blocks that came back.
    free: *mut Block,
    /// What of the newest span was never used: it is still zero.
    fresh: usize,
    end: usize,
}

struct Block {
    next: *mut Block,
}

impl Heap {
    /// The one heap of this process.
    pub fn new() -> Heap {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: addresses that nothing else uses; they are never given back.
        let region = unsafe { mmap_anonymous(null_mut(), SPAN + REGION + SPANS, ProtFlags::empty(), flags) };
        let base = region.and_then(|at| {
            let base = (at as usize).next_multiple_of(SPAN);
            let usable = MprotectFlags::READ | MprotectFlags::WRITE;
            // SAFETY: whole pages behind the region, which are ours; the kernel gives each one when it is first touched.
            unsafe { mprotect((base + REGION) as *mut c_void, SPANS, usable) }.map(|()| base)
        });
        BASE.store(base.unwrap_or(0), Relaxed);
        Heap { lists: [List { free: null_mut(), fresh: 0, end: 0 }; CLASSES], given: 0, taken: 0 }
    }

    /// A block, and whether it is zero; null when it must be malloc's.
    #[inline]
    fn take(&mut self, size: usize) -> (*mut u8, bool) {
        if size > LARGEST {
            return (null_mut(), false);
        }
        let class = class_of(size);
        let List { free, fresh, end } = self.lists[class];
        if !free.is_null() {
            // SAFETY: a block that came back, of this size and so large enough for the link that `dealloc` wrote.
            let next = unsafe { (*free).next };
            soon(next);
            self.lists[class].free = next;
            return (free.cast(), false);
        }
        let size = size_of(class);
        if fresh + size <= end {
            self.lists[class].fresh += size;
            return (fresh as *mut u8, true);
        }
        self.span(class, size)
    }

    /// The first block of a new span.
    #[cold]
    fn span(&mut self, class: usize, size: usize) -> (*mut u8, bool) {
        if self.given == self.taken && !self.grow() {
            return (null_mut(), false);
        }
        let at = BASE.load(Relaxed) + self.given;
        self.given += SPAN;
        // SAFETY: a span that `grow` made usable has its byte in the table, and the table fits all classes.
        unsafe { *class_at(at) = class as u8 };
        self.lists[class] = List { free: null_mut(), fresh: at + size, end: at + SPAN };
        (at as *mut u8, true)
    }

    fn grow(&mut self) -> bool {
        let base = BASE.load(Relaxed);
        if base == 0 || self.taken + STEP > REGION {
            return false;
        }
        let at = (base + self.taken) as *mut c_void;
        // SAFETY: within the region, which is ours.
        let opened = unsafe { mprotect(at, STEP, MprotectFlags::READ | MprotectFlags::WRITE) };
        if opened.is_err() {
            return false;
        }
        // Older kernels than 5.14 do not know this advice: then the pages come one by one.
        // SAFETY: as above.
        let _ = unsafe { madvise(at, STEP, Advice::LinuxPopulateWrite) };
        self.taken += STEP;
        true
    }
}

#[inline]
fn class_of(size: usize) -> usize {
    if size <= FINE {
        return size.saturating_sub(1) / 16;
    }
    let doubling = (size - 1).ilog2() - FINE.ilog2();
    let quarter = (size - 1 - (FINE << doubling)) / ((FINE / 4) << doubling);
    FINE / 16 + 4 * doubling as usize + quarter
}

#[inline]
fn size_of(class: usize) -> usize {
    if class < FINE / 16 {
        return (class + 1) * 16;
    }
    let above = class - FINE / 16;
    (FINE << (above / 4)) + ((FINE / 4) << (above / 4)) * (above % 4 + 1)
}

#[inline]
fn is_ours(block: *mut u8) -> bool {
    (block as usize).wrapping_sub(BASE.load(Relaxed)) < REGION
}

/// Where the class of the span at this address stands.
#[inline]
fn class_at(address: usize) -> *mut u8 {
    let base = BASE.load(Relaxed);
    (base + REGION + (address - base) / SPAN) as *mut u8
}

/// Of a block of ours.
#[inline]
fn class_of_block(block: *mut u8) -> usize {
    // SAFETY: the table has every span of the region, and a span's class before any of its blocks was given out.
    usize::from(unsafe { *class_at(block as usize) })
}

/// The next block is wanted soon, and its link lies in memory that nobody looked at for long.
#[inline]
fn soon(block: *mut Block) {
    // SAFETY: prefetching has no effect but on the cache, at whatever address.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(block.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = block;
}

// SAFETY: a block is the caller's alone until it comes back, at least as large as asked for, and aligned to 16.
unsafe impl Allocator for Heap {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        match self.take(size) {
            // SAFETY: any size may be asked for.
            (block, _) if block.is_null() => unsafe { libc::malloc(size).cast() },
            (block, _) => block,
        }
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        let Some(size) = count.checked_mul(size) else {
            return null_mut();
        };
        match self.take(size) {
            // SAFETY: any size may be asked for.
            (block, _) if block.is_null() => unsafe { libc::calloc(1, size).cast() },
            (block, true) => block,
            (block, false) => {
                // SAFETY: the block has at least this size.
                unsafe { block.write_bytes(0, size) };
                block
            }
        }
    }

    unsafe fn dealloc(&mut self, block: *mut u8) {
        if !is_ours(block) {
            // SAFETY: what is not ours was malloc's.
            return unsafe { libc::free(block.cast()) };
        }
        let list = &mut self.lists[class_of_block(block)];
        let freed = block.cast::<Block>();
        // SAFETY: the block came back to us, and holds at least 16 bytes.
        unsafe { (*freed).next = list.free };
        list.free = freed;
    }

    unsafe fn realloc(&mut self, block: *mut u8, size: usize) -> *mut u8 {
        if block.is_null() {
            return self.alloc(size);
        }
        if !is_ours(block) {
            // SAFETY: what is not ours was malloc's. It stays so when it shrinks.
            return unsafe { libc::realloc(block.cast(), size).cast() };
        }
        let old = size_of(class_of_block(block));
        if size <= old && size > old / 2 {
            return block;
        }
        let moved = self.alloc(size);
        if !moved.is_null() {
            // SAFETY: two different blocks, each at least this large; the old one is the caller's to give back.
            unsafe {
                moved.copy_from_nonoverlapping(block, old.min(size));
                self.dealloc(block);
            }
        }
        moved
    }

    unsafe fn usable_size(block: *mut u8) -> usize {
        if is_ours(block) {
            return size_of(class_of_block(block));
        }
        // SAFETY: what is not ours was malloc's, or is null.
        unsafe { libc::malloc_usable_size(block.cast()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{CLASSES, Heap, LARGEST, class_of, size_of};
    use proptest::prelude::*;
    use rquickjs::allocator::Allocator;

    #[test]
    fn every_size_has_the_smallest_class_that_holds_it() {
        for size in 0..=LARGEST {
            let class = class_of(size);
            assert!(class < CLASSES && size_of(class) >= size && size_of(class).is_multiple_of(16), "{size}");
            assert!(class == 0 || size_of(class - 1) < size, "{size}");
        }
    }

    proptest! {
        /// Blocks keep what was written into them whatever is taken, grown, shrunk and given back around them.
        #[test]
        fn blocks_do_not_touch_each_other(steps in prop::collection::vec((0..4u8, 0..64usize, 0..6000usize), 1..400)) {
            let mut heap = Heap::new();
            let mut held: Vec<Option<(*mut u8, usize, u8)>> = vec![None; 64];
            for (number, (what, slot, size)) in steps.into_iter().enumerate() {
                let mark = number as u8;
                let old = held[slot].take();
                // SAFETY: each block is written within its size and given back once.
                unsafe {
                    if let Some((block, size, mark)) = old {
                        prop_assert!((0..size).all(|at| *block.add(at) == mark));
                    }
                    held[slot] = match (what, old) {
                        (0, Some((block, ..))) => { heap.dealloc(block); None }
                        (1, Some((block, before, mark))) => {
                            let block = heap.realloc(block, size.max(1));
                            prop_assert!((0..before.min(size)).all(|at| *block.add(at) == mark));
                            Some((block, size.max(1)))
                        }
                        (_, Some((block, ..))) => { heap.dealloc(block); Some((heap.alloc(size), size)) }
                        (2, None) => {
                            let block = heap.calloc(1, size);
                            prop_assert!((0..size).all(|at| *block.add(at) == 0));
                            Some((block, size))
                        }
                        (_, None) => Some((heap.alloc(size), size)),
                    }.map(|(block, size)| {
                        assert!(Heap::usable_size(block) >= size && (block as usize).is_multiple_of(16));
                        block.write_bytes(mark, size);
                        (block, size, mark)
                    });
                }
            }
        }
    }
}
