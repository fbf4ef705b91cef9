"""S3 events and listings become landed files in the tracker."""
