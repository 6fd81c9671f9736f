"""GovDelivery as practice speaks it: Comm Cloud v1 and v2 statistics over HTTP, and the mailbox that answers come to.

``Agency`` is the account, ``agency_app`` serves it; ``PostOffice`` is the mailbox, served over IMAP and SMTP by
``MailServers`` in threads of their own; ``Bureau`` tells the story that the town lives through.

Known to be unlike the real thing, because no source says how it is: the list of what was sent holds twenty to a page,
newest first; drafts are listed at ``bulletins/drafts.xml``; ``send_now`` on what was sent already answers 404; the
answer to a wrong password is plain text; ``bulletin_details`` repeats the figures of v2; statistics have no delay; a
page for everybody is found under the number in hexadecimal. Missing: attachments, templates, wireless, digests (all is
sent at once), Page Watch itself, TMS, signups, networks, categories of subscribers. The mail servers speak without
TLS, and only what a reader and a sender of mail need.
"""

from inbox.practice.govdelivery.agency import Agency, Bulletin, Category, Topic
from inbox.practice.govdelivery.app import agency_app
from inbox.practice.govdelivery.bureau import Bureau
from inbox.practice.govdelivery.post_office import PostOffice
from inbox.practice.govdelivery.servers import MailServers

__all__ = ["Agency", "Bulletin", "Bureau", "Category", "MailServers", "PostOffice", "Topic", "agency_app"]
