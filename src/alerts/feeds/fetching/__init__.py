"""HTTP requests for feeds: the address guard, WebSub, discovery."""
