//! Many requests at once.
//!
//! A decision waits for memory a few times, one wait after the other. Of requests that have nothing to do with each other,
//! the waits can be had together: all lines of some requests are probed before the first is decided.

use rolecall_model::{Authorizer, Decision, Request};

use crate::engine::Engine;

/// How many requests are probed for before the first is decided: more than a core waits for at once, and few enough for
/// what they need to stay in the nearest cache.
const TOGETHER: usize = 16;

impl Engine {
    /// Decides requests that have nothing to do with each other, in their order: as [`Authorizer::authorize`] does, and in
    /// large policies faster than one after the other. `decided` gets the place of each request and its decision.
    pub fn authorize_batch(&self, requests: &[Request<'_>], mut decided: impl FnMut(usize, Decision)) {
        let mut place = 0;
        for together in requests.chunks(TOGETHER) {
            self.touch(together);
            for request in together {
                decided(place, self.authorize(request));
                place += 1;
            }
        }
    }

    /// Brings what requests will probe into the caches.
    fn touch(&self, requests: &[Request<'_>]) {
        let tables = self.tables();
        let promising: usize = requests.iter().map(|request| tables.touch(request)).sum();
        // The loads must not be left out because nobody looks at what they bring.
        std::hint::black_box(promising);
    }
}
