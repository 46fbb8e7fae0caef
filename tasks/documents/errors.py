"""What is wrong with a document, in the language of those who read it: the sentence stands on their record."""

from tasks.errors import InvalidInputError


class UnusableDocumentError(InvalidInputError):
    """The file is no Word document, or one that is not opened."""

    code = "unusable_document"


class DocumentTooLargeError(UnusableDocumentError):
    """The document, or what it inflates to, is beyond the bounds."""

    code = "limit_exceeded"
