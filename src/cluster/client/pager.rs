//! Paged lists: the one place that knows limits and continue tokens. Requests are made by the caller,
//! so that a page may hold whole objects or metadata alone.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use kube::api::ListParams;

/// Objects a page: what is in memory at once. Larger pages are no faster, and the allocator keeps
/// what they took.
pub const PAGE: u32 = 100;

/// Where a paged list stands.
#[derive(Debug)]
pub struct Pager {
    params: ListParams,
    is_done: bool,
}

impl Pager {
    /// Starts a list; `params` may hold selectors.
    pub fn new(params: ListParams) -> Self {
        Self {
            params: params.limit(PAGE),
            is_done: false,
        }
    }

    /// Parameters of the next page; none after the last one.
    pub fn next(&self) -> Option<&ListParams> {
        (!self.is_done).then_some(&self.params)
    }

    /// Takes the metadata of the page just read.
    pub fn turn(&mut self, page: &ListMeta) {
        let token = page.continue_.clone().filter(|token| !token.is_empty());
        self.is_done = token.is_none();
        self.params.continue_token = token;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_with_the_page_that_names_no_next_one() {
        let page = |token: Option<&str>| ListMeta {
            continue_: token.map(str::to_owned),
            ..ListMeta::default()
        };
        let mut pager = Pager::new(ListParams::default().labels("a"));
        assert_eq!(pager.next().and_then(|params| params.limit), Some(PAGE));
        pager.turn(&page(Some("t")));
        let params = pager.next().unwrap();
        assert_eq!(params.continue_token.as_deref(), Some("t"));
        assert_eq!(params.label_selector.as_deref(), Some("a"));
        pager.turn(&page(Some("")));
        assert!(pager.next().is_none());
        pager.turn(&page(None));
        assert!(pager.next().is_none());
    }
}
