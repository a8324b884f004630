"""S3-compatible stores. Only this package loads aiobotocore."""
